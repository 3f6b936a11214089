import { beforeAll, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import type { BrowserUser } from './support/browser-user.ts';
import { describeInBrowser } from './support/describe-in-browser.ts';

describeInBrowser('the message list', (chat) => {
  let ada: BrowserUser;
  let bob: BrowserUser;

  beforeAll(async () => {
    ada = await chat.signUp('ada');
    bob = await chat.signUp('bob');
  });

  it.each([
    ['closing brackets', ')'.repeat(3_990)],
    ['dots and closing brackets', `${'.'.repeat(2_400)}${')'.repeat(1_590)}`],
  ])('shows a link followed by thousands of %s, and the message after it', async (kind, tail) => {
    const text = `https://a${tail}`;
    await bob.write(text);
    await bob.write(`after ${kind}`);
    await ada.waitForMessage(`after ${kind}`);
    await ada.rows(text).getByRole('link', { name: 'https://a', exact: true }).waitFor();
    await ada.page.reload();
    await ada.waitForMessage(`after ${kind}`);
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });

  it.each([
    ['text', { text: null }],
    ['time', { timestamp: 'yesterday' }],
  ])('shows a placeholder only for the message with a malformed %s', async (field, malformed) => {
    const texts = ['before', 'broken', 'after'].map((position) => `${position} the ${field}`);
    for (const text of texts) await bob.write(text);
    for (const text of texts) await ada.waitForMessage(text);
    ada.allowConsoleError(/Cannot read properties|matchAll|Invalid time value/);
    await ada.page.route('**/messages/history/**', async (route) => {
      const response = await route.fetch();
      const messages = (await response.json()) as Message[];
      const json = messages.map((message) =>
        message.text === texts[1] ? { ...message, ...malformed } : message,
      );
      await route.fulfill({ response, json });
    });
    await ada.page.reload();
    await ada.waitForMessage(`after the ${field}`);
    await ada.waitForMessage(`before the ${field}`);
    const row = ada.rows('This message can’t be displayed.');
    await row.getByText(bob.username).waitFor();
    expect(await row.count()).toBe(1);
    await ada.page.unrouteAll();
    await ada.page.reload();
    await ada.waitForMessage(`broken the ${field}`);
  });
});
