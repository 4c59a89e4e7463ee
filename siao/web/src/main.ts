import '@fontsource-variable/inter/wght.css';
import { mount } from 'svelte';
import App from './App.svelte';
import './style/tokens.css';
import './style/base.css';
import './style/operator.css';
import './style/shelter.css';
import './style/worker.css';
import './style/coordinator.css';
import './style/admin.css';
import './style/observer.css';
import './style/rules.css';
import './style/paper.css';

const theme = localStorage.getItem('siao.theme');
if (theme) document.documentElement.dataset['theme'] = theme;
mount(App, { target: document.body });
if (import.meta.env.PROD) void navigator.serviceWorker?.register('/shell.js').catch(() => undefined);
