import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { StartError } from '../failures/start-error.ts';

/** First path segments of the API and of assets; any other path can be an address of the page. */
const RESERVED_SEGMENTS = new Set([
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
 * Serves the built web client: hashed assets with a max-age of one year, and its single page for
 * every address that a browser navigates to. At `/` it is served to every client, including
 * programs that check whether the chat is running.
 *
 * @param folder output folder of `vite build`
 * @throws StartError when the page is not built
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
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const acceptsHtml = request.headers.accept?.includes('text/html') === true;
    const isPage = request.path === '/' || (acceptsHtml && !RESERVED_SEGMENTS.has(first));
    if (!isRead || !isPage) return next();
    response.sendFile(page, { maxAge: 0 });
  });
}
