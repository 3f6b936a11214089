import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { fillRoom } from './support/api-client.ts';
import type { BrowserUser } from './support/browser-user.ts';
import { describeInBrowser, describeWithDedicatedServer } from './support/describe-in-browser.ts';

describeInBrowser('unread messages', (chat) => {
  let ada: BrowserUser;
  let bob: BrowserUser;

  beforeAll(async () => {
    ada = await chat.signUp('ada');
    bob = await chat.signUp('bob');
  });
  beforeEach(async () => {
    await bob.open('/chat/general');
    await bob.composer.waitFor();
  });
  afterEach(() => {
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });

  it('of a room that was never opened are counted within 1 s', async () => {
    const room = 'Lunch';
    await ada.createRoomWith(bob, room);
    await bob.roomLink(room).waitFor();
    await send(ada, 'Pizza?');
    await bob.waitForUnread(room, 1, 1_000);
    await send(ada, 'Or soup?');
    await bob.waitForUnread(room, 2);
    await bob.roomLink(room).getByText('Or soup?').waitFor();
    await bob.page.waitForFunction(() => document.title.startsWith('(2) '));
    expect(await bob.page.locator('link[rel="icon"]').getAttribute('href')).toMatch(/^data:image/);

    await bob.enterRoom(room);
    await bob.waitForUnread(room, 0);
    await bob.page.waitForFunction(() => document.title === 'Lunch – Chat');
    expect(await bob.page.locator('link[rel="icon"]').getAttribute('href')).toMatch(
      /favicon\.svg$/,
    );
    const first = bob.page.getByRole('listitem').filter({ hasText: 'New messages' });
    await first.getByText('Pizza?').waitFor();
    expect(await ada.page.getByText('New messages').count()).toBe(0);
  });

  it('are read on all devices of the user', async () => {
    const room = 'Dinner';
    await ada.createRoomWith(bob, room);
    const phone = await bob.onAnotherDevice(chat.browser);
    await phone.enterRoom('general');
    await send(ada, 'Pizza?');
    await bob.waitForUnread(room, 1);
    await phone.waitForUnread(room, 1);
    await phone.enterRoom(room);
    await bob.waitForUnread(room, 0, 1_500);
    expect(phone.consoleErrors).toEqual([]);
    await phone.close();
  });

  it('are reached by a button, and the position of a room is restored', async () => {
    const room = `menu-${bob.username}`;
    await bob.open(`/chat/${room}`);
    await bob.composer.waitFor();
    await bob.enterRoom('general');
    await fillRoom(chat.server.url, room, 60);
    await bob.waitForUnread(room, 60);
    await bob.enterRoom(room);
    await bob.waitForMessage('message 60');
    await bob.waitForUnread(room, 0);
    await bob.page.getByRole('button', { name: 'Jump to first unread (60)' }).click();
    await bob.rows('message 1').getByText('New messages').waitFor();
    await expectInView(bob, 'message 1');
    await bob.page.getByRole('button', { name: /^Jump to first/ }).waitFor({ state: 'detached' });

    await bob.enterRoom('general');
    await bob.enterRoom(room);
    await expectInView(bob, 'message 1');
    await fillRoom(chat.server.url, room, 1);
    await bob.waitForUnread(room, 1);
    await bob.page.getByRole('button', { name: '1 new message' }).click();
    await bob.waitForUnread(room, 0);
  });

  it('stay out of view when older messages are loaded after the jump to the first one', async () => {
    const room = `desk-${bob.username}`;
    await fillRoom(chat.server.url, room, 60);
    await bob.open(`/chat/${room}`);
    await bob.waitForMessage('message 60');
    await bob.open('/chat/general');
    await fillRoom(chat.server.url, room, 60);
    await bob.waitForUnread(room, 60);
    await bob.enterRoom(room);
    await bob.page.getByRole('button', { name: 'Jump to first unread (60)' }).click();
    await expectInView(bob, 'message 1');

    await bob.page.evaluate(() => {
      const list = document.querySelector('[aria-label="Messages"]');
      list?.scrollTo({ top: -list.scrollHeight });
    });
    await bob.rows('message 11').nth(1).waitFor();
    await bob.page.waitForTimeout(100);
    const first = await bob.page.getByText('New messages').boundingBox();
    expect(first?.y).toBeGreaterThan(800); // Below the window.
  });
});

describeWithDedicatedServer('unread messages while the server restarts', (chat) => {
  it('are counted after the restart, and stay read on another device', async () => {
    const room = 'Breakfast';
    const ada = await chat.openPage('ada');
    const bob = await chat.openPage('bob');
    for (const user of [ada, bob]) {
      user.allowConnectionErrors();
      await user.signUp();
      await user.composer.waitFor();
    }
    await ada.createRoomWith(bob, room);
    const phone = await bob.onAnotherDevice(chat.browser);
    phone.allowConnectionErrors();
    await phone.enterRoom('general');
    await send(ada, 'Pizza?');
    await bob.waitForUnread(room, 1);
    await phone.enterRoom(room);
    await bob.waitForUnread(room, 0);
    await phone.enterRoom('general');

    await chat.server.kill();
    await ada.write('Or soup?');
    await chat.server.restart();
    await bob.waitForUnread(room, 1);
    await phone.waitForUnread(room, 1);
    await phone.enterRoom(room);
    await bob.waitForUnread(room, 0);
    for (const user of [ada, bob, phone]) {
      expect(user.consoleErrors).toEqual([]);
      await user.close();
    }
  });
});

async function send(user: BrowserUser, text: string): Promise<void> {
  await user.write(text);
  await user.waitForStatus(text, 'Sent');
}

/** Waits until a message is inside the view of the list. */
async function expectInView(user: BrowserUser, text: string): Promise<void> {
  await user.page.waitForFunction((wanted) => {
    const list = document.querySelector('[aria-label="Messages"]');
    const row = [...document.querySelectorAll('[aria-label="Messages"] li')].find(
      (item) => item.querySelector('[dir="auto"]')?.textContent === wanted,
    );
    if (!list || !row) return false;
    const [outer, inner] = [list.getBoundingClientRect(), row.getBoundingClientRect()];
    return inner.bottom > outer.top && inner.top < outer.bottom;
  }, text);
}
