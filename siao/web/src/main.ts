import '@fontsource-variable/inter/wght.css';
import { mount } from 'svelte';
import App from './App.svelte';
import './style/tokens.css';
import './style/screens.css';
import './style/app.css';
import './style/seats.css';
import './style/figures.css';
import './style/paper.css';

const theme = localStorage.getItem('siao.theme');
if (theme) document.documentElement.dataset['theme'] = theme;
mount(App, { target: document.body });
