import { beforeAll, expect, it } from '@jest/globals';
import { fillRoom } from './support/api-client.ts';
import type { BrowserUser } from './support/browser-user.ts';
import { describeInBrowser } from './support/describe-in-browser.ts';

const COUNT = 130;

describeInBrowser('the message list', (chat) => {
  let ada: BrowserUser;

  beforeAll(async () => {
    await fillRoom(chat.server.url, 'general', COUNT);
    ada = await chat.signUp('ada');
    await ada.waitForMessage(`message ${COUNT}`);
  });

  it('loads all 130 messages while scrolling up, without moving the messages in view', async () => {
    expect(await ada.rows('message 1').count()).toBe(0);
    await ada.page.route('**/messages/history/**', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await route.continue();
    });
    const arrival = ada.page.waitForResponse('**/messages/history/**');
    await scrollToOldest();
    await ada.page.waitForTimeout(100); // Rows get their real height once they are in view.
    const before = await oldestInView();
    await arrival;
    await ada.page.waitForFunction(
      (count) => document.querySelectorAll('[aria-label="Messages"] li').length > count,
      before.rows,
    );
    const after = await positionOf(before.text);
    expect(Math.abs(after - before.top)).toBeLessThan(2);

    await ada.page.unrouteAll();
    for (let page = 0; page < COUNT && (await ada.rows('message 1').count()) === 0; page += 1) {
      await scrollToOldest();
      await ada.page.waitForTimeout(100);
    }
    const texts = await ada.page.getByText(/^message \d+$/).allTextContents();
    expect(texts).toEqual(Array.from({ length: COUNT }, (_, index) => `message ${index + 1}`));
    await ada.page.getByText('This is the start of the conversation.').waitFor();
    expect(ada.consoleErrors).toEqual([]);
  });

  it('scrolls to a new message when its button is clicked, and removes the button', async () => {
    await fillRoom(chat.server.url, 'general', 1);
    await ada.page.getByRole('button', { name: '1 new message' }).click();
    await ada.page.getByRole('button', { name: /new message|Jump to latest/ }).waitFor({
      state: 'detached',
    });
    await ada.page.waitForFunction(() => {
      const scroller = document.querySelector('[aria-label="Messages"]');
      return scroller !== null && Math.abs(scroller.scrollTop) < 2;
    });
  });

  it('loads all messages while the view is moved to the top ten times a second', async () => {
    const room = `quick-${ada.username}`;
    await fillRoom(chat.server.url, room, COUNT);
    await ada.open(`/chat/${room}`);
    await ada.waitForMessage(`message ${COUNT}`);
    const start = ada.page.getByText('This is the start of the conversation.');
    const deadline = Date.now() + 15_000;
    while ((await start.count()) === 0 && Date.now() < deadline) {
      await scrollToOldest();
      await ada.page.waitForTimeout(100); // The pace is the subject of the test.
    }
    expect(await start.count()).toBe(1);
    expect(await ada.rows('message 1').count()).toBe(1);
  });

  function scrollToOldest(): Promise<void> {
    return ada.page.evaluate(() => {
      const scroller = document.querySelector('[aria-label="Messages"]');
      scroller?.scrollTo({ top: -scroller.scrollHeight });
    });
  }

  function oldestInView(): Promise<{ text: string; top: number; rows: number }> {
    return ada.page.evaluate(() => {
      const rows = document.querySelectorAll('[aria-label="Messages"] li');
      const text = rows[1]?.querySelector('[dir="auto"]');
      return {
        text: text?.textContent ?? '',
        top: text?.getBoundingClientRect().top ?? 0,
        rows: rows.length,
      };
    });
  }

  async function positionOf(text: string): Promise<number> {
    const box = await ada.page.getByText(text, { exact: true }).boundingBox();
    return box?.y ?? NaN;
  }
});
