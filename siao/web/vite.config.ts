import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Old phones at reception desks: light-dark() and oklch() are compiled to what these can draw.
const targets = { chrome: 100 << 16, firefox: 100 << 16, safari: 15 << 16 };

export default defineConfig({
  plugins: [svelte()],
  css: { transformer: 'lightningcss', lightningcss: { targets } },
  build: {
    target: 'es2022', cssMinify: 'lightningcss', assetsInlineLimit: 0, modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: 'index.html', shell: 'src/shell.ts' },
      output: { entryFileNames: ({ name }) => (name === 'shell' ? 'shell.js' : 'assets/[name]-[hash].js') },
    },
  },
});
