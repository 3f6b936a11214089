import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Messages } from '@chat/contracts';
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Page } from 'playwright-core';
import { describeInBrowser } from './support/describe-in-browser.ts';
import { serveLegacyClient } from './support/legacy-client-server.ts';

describeInBrowser('the legacy client in a browser, cross-origin', (chat) => {
  const transports: (string | null)[] = [];
  let legacyClient: { url: string; server: Server };

  beforeAll(async () => {
    legacyClient = await serveLegacyClient();
  });
  afterAll(() => {
    legacyClient.server.close();
  });

  it('exchanges messages and reads history, starting with polling', async () => {
    const first = await openClient('hello from the first');
    await waitForMessage(first, 'hello from the first');
    const second = await openClient('hello from the second');
    await waitForMessage(second, 'hello from the second');
    await waitForMessage(first, 'hello from the second');

    const lines = await first.locator('#messages li').allTextContents();
    expect(lines.map((line) => line.split(' | ')[1])).toEqual([
      'hello from the first',
      'hello from the second',
    ]);
    for (const line of lines) expect(line).toMatch(/^legacy-\S+ \| .+ \| \d{4}-\d\d-\d\dT.+Z$/);
    expect(transports.slice(0, 2)).toEqual(['polling', 'polling']);
    const history = await second.evaluate('window.readHistory()');
    // Earlier suites also sent to the room.
    expect(
      Messages.parse(history)
        .slice(-2)
        .map(({ text }) => text),
    ).toEqual(['hello from the first', 'hello from the second']);
  });

  async function openClient(text: string): Promise<Page> {
    const page = await (await chat.browser.newContext()).newPage();
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname === '/socket.io/') transports.push(url.searchParams.get('transport'));
    });
    const email = `legacy-${randomUUID().slice(0, 8)}@example.com`;
    const query = new URLSearchParams({ server: chat.server.url, email, text });
    await page.goto(`${legacyClient.url}/?${query}`);
    return page;
  }

  async function waitForMessage(page: Page, text: string): Promise<void> {
    await page.locator('#messages li', { hasText: text }).waitFor();
  }
});
