import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { StartError } from './start-error.ts';

/** First segments of paths that belong to programs; every other page address is the web client's. */
const NOT_PAGES = new Set([
  'auth',
  'users',
  'rooms',
  'messages',
  'health',
  'docs',
  'docs-json',
  'asyncapi.json',
  'socket.io',
  'assets',
]);

/**
 * Serves the built web client: hashed assets for a year, and its one page for
 * every address that a browser navigates to. At `/` it is there for whoever asks, programs
 * that look whether the chat is up included.
 *
 * @param folder what `vite build` made
 * @throws StartError if it was not built
 */
export function servePage(app: NestExpressApplication, folder: string): void {
  const page = resolve(folder, 'index.html');
  if (!existsSync(page)) throw new StartError(`The web page is not built: ${page} is missing.`);
  app.useStaticAssets(join(folder, 'assets'), {
    prefix: '/assets',
    immutable: true,
    maxAge: '1y',
  });
  app.useStaticAssets(folder, { index: false, maxAge: 0 });
  app.use((request: Request, response: Response, next: NextFunction) => {
    const [, first = ''] = request.path.split('/');
    const asksForPage = request.method === 'GET' || request.method === 'HEAD';
    const browses = request.headers.accept?.includes('text/html') === true;
    const isPage = request.path === '/' || (browses && !NOT_PAGES.has(first));
    if (!asksForPage || !isPage) return next();
    response.sendFile(page, { maxAge: 0 });
  });
}
