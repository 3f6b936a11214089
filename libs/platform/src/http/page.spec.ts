import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { servePage } from './page.ts';

const PAGE = '<!doctype html><title>Chat</title>';
const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8';

@Module({})
class App {}

describe('the page', () => {
  let folder: string;
  let app: NestExpressApplication;
  let url: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chat-page-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), PAGE);
    await writeFile(join(folder, 'assets', 'index-abc.js'), 'let chat;');
    app = await NestFactory.create<NestExpressApplication>(App, { logger: false });
    servePage(app, folder);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterEach(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  it.each([
    ['/', BROWSER],
    ['/', '*/*'],
    ['/?from=mail', '*/*'],
    ['/chat/general', BROWSER],
  ])('is served at %s with max-age=0 to a client that accepts %s', async (path, accept) => {
    const response = await fetch(url + path, { headers: { accept } });
    expect([response.status, await response.text()]).toEqual([200, PAGE]);
    expect(response.headers.get('cache-control')).toBe('public, max-age=0');
  });

  it.each([
    ['/chat/general', '*/*'],
    ['//rooms/general', '*/*'],
    ['/rooms/general', BROWSER],
    ['/assets/missing.js', BROWSER],
  ])('is not served at %s to a client that accepts %s', async (path, accept) => {
    expect((await fetch(url + path, { headers: { accept } })).status).toBe(404);
  });

  it('has assets that are cached as immutable', async () => {
    const response = await fetch(`${url}/assets/index-abc.js`);
    expect(await response.text()).toBe('let chat;');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });
});
