import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The server that `npm run dev` starts together with this page. */
const SERVER = 'http://localhost:3000';
const SERVER_PATHS = [
  '/auth',
  '/users',
  '/rooms',
  '/messages',
  '/health',
  '/docs',
  '/docs-json',
  '/asyncapi.json',
];

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../../node_modules/.vite/apps/web',
  plugins: [react()],
  resolve: { conditions: ['development', 'module', 'browser'] },
  server: {
    proxy: {
      ...Object.fromEntries(SERVER_PATHS.map((path) => [path, SERVER])),
      '/socket.io': { target: SERVER, ws: true },
    },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // The page's content security policy (`script-src 'self'`) forbids inline scripts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
