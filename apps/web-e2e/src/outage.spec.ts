import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { countStored } from './support/api-client.ts';
import type { BrowserUser } from './support/browser-user.ts';
import { describeWithDedicatedServer } from './support/describe-in-browser.ts';

describeWithDedicatedServer('the page while the server is down', (chat) => {
  let ada: BrowserUser;
  let bob: BrowserUser;
  /** The message of ada that both have received before the server went down. */
  let question: string;

  beforeAll(async () => {
    ada = await chat.openPage('ada');
    bob = await chat.openPage('bob');
    for (const user of [ada, bob]) {
      user.allowConnectionErrors();
      await user.signUp();
      await user.composer.waitFor();
    }
  });
  beforeEach(async () => {
    question = `Are you there? ${randomUUID()}`;
    await ada.write(question);
    await ada.waitForStatus(question, 'Sent');
    await bob.waitForMessage(question);
    await chat.server.kill();
    await ada.page.getByText('You’re offline. Messages will be sent when you reconnect.').waitFor();
  });
  afterEach(() => {
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });

  it('marks a message as waiting and delivers it once after the restart', async () => {
    await ada.write('Written while offline');
    await ada.waitForStatus('Written while offline', 'Waiting to be sent');
    await chat.server.restart();
    await bob.waitForMessage('Written while offline');
    await ada.waitForStatus('Written while offline', 'Sent');
    await ada.page.getByText('You’re offline.').waitFor({ state: 'detached' });
    await expectOnce('Written while offline');
  });

  it('stores a message when its tab is closed and delivers it once from the next tab', async () => {
    await ada.write('Written before closing the tab');
    await ada.waitForStatus('Written before closing the tab', 'Waiting to be sent');
    await ada.closeTab();
    await chat.server.restart();
    await ada.openTab('/chat/general');
    await bob.waitForMessage('Written before closing the tab');
    await ada.waitForStatus('Written before closing the tab', 'Sent');
    await expectOnce('Written before closing the tab');
  });

  it('shows changes at once and makes them once after the restart, also in the next tab', async () => {
    await ada.editMessage(question, 'Are you back?');
    const menu = await ada.openMenu('Are you back? (edited)');
    await menu.getByRole('button', { name: 'React with thumbs up' }).click();
    await ada.reaction('Are you back? (edited)', 'You reacted with thumbs up').waitFor();
    await ada.rows('Are you back? (edited)').getByTitle('Change waiting to be saved').waitFor();
    await ada.closeTab();
    await chat.server.restart();
    await ada.openTab('/chat/general');
    await bob.waitForMessage('Are you back? (edited)');
    await bob.reaction('Are you back? (edited)', /reacted with thumbs up$/).waitFor();
    await ada.waitForStatus('Are you back? (edited)', 'Sent');
    await expectOnce('Are you back?', 'Are you back? (edited)');
  });

  it('deletes a message in both browsers when it was deleted while offline', async () => {
    await ada.deleteMessage(question);
    await ada.page.getByText('This message was deleted.').last().waitFor();
    await bob.waitForMessage(question);
    await chat.server.restart();
    await bob.rows(question).waitFor({ state: 'detached' });
    expect(await countStored(chat.server.url, 'general', question)).toBe(0);
  });

  it('shows no error in the dialog with the members, and loads them on every reconnect', async () => {
    const dialog = ada.page.getByRole('dialog');
    const reads: string[] = [];
    ada.page.on('request', (request) => {
      if (new URL(request.url()).pathname.endsWith('/members')) reads.push(request.url());
    });
    await ada.openMembers();
    await dialog.getByText('You’re offline. The members will appear').waitFor();
    expect(reads).toEqual([]);
    await chat.server.restart();
    await ada.memberRow(bob.username).waitFor();

    const readsOnline = reads.length;
    await chat.server.kill();
    await ada.page.getByText('You’re offline. Messages will be sent').waitFor();
    await ada.memberRow(bob.username).waitFor();
    expect(reads).toHaveLength(readsOnline);
    expect(await dialog.getByRole('alert').count()).toBe(0);
    const reread = ada.page.waitForRequest('**/members?*');
    await chat.server.restart();
    await reread;
  });

  async function expectOnce(text: string, shown = text): Promise<void> {
    expect(await countStored(chat.server.url, 'general', text)).toBe(1);
    expect(await ada.rows(shown).count()).toBe(1);
    expect(await bob.rows(shown).count()).toBe(1);
  }
});
