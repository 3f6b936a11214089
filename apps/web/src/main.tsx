import './app/no-eval.ts';
import './app/tokens.css';
import './app/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { RenderErrorNotice } from './app/RenderErrorNotice.tsx';
import { ErrorBoundary } from './app/ErrorBoundary.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element #root');

createRoot(root).render(
  <StrictMode>
    <ErrorBoundary fallback={<RenderErrorNotice />}>
      <App />
    </ErrorBoundary>
  </StrictMode>,
);
