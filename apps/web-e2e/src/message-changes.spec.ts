import { afterEach, beforeAll, expect, it } from '@jest/globals';
import type { BrowserUser } from './support/browser-user.ts';
import { describeInBrowser } from './support/describe-in-browser.ts';

describeInBrowser('changing messages', (chat) => {
  let ada: BrowserUser;
  let bob: BrowserUser;

  beforeAll(async () => {
    ada = await chat.signUp('ada');
    bob = await chat.signUp('bob');
    await ada.createRoomWith(bob, 'Drafts');
    await bob.enterRoom('Drafts');
  });

  /** Sends a message as ada that bob receives. */
  async function sendToBob(text: string): Promise<void> {
    await ada.write(text);
    await bob.waitForMessage(text);
    await ada.waitForStatus(text, 'Sent');
  }

  /** Waits until no element of the conversation has this text, not even for screen readers. */
  async function waitUntilGone({ page }: BrowserUser, text: string): Promise<void> {
    await page.getByRole('main').getByText(text).first().waitFor({ state: 'detached' });
  }

  afterEach(() => {
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });

  /** Describes the element with the focus: its label or its text. */
  async function focused({ page }: BrowserUser): Promise<string> {
    const focus = page.locator(':focus');
    return (await focus.getAttribute('aria-label')) ?? (await focus.textContent()) ?? '';
  }

  it('shows an edit in both browsers, and keeps the draft of the composer', async () => {
    await sendToBob('Meet at 5');
    await ada.composer.fill('a draft');
    await ada.editMessage('Meet at 5', 'Meet at 6');
    await ada.waitForMessage('Meet at 6 (edited)');
    await bob.waitForMessage('Meet at 6 (edited)');
    expect(await bob.rows('Meet at 5').count()).toBe(0);
    expect(await ada.composer.inputValue()).toBe('a draft');
    expect(await focused(ada)).toMatch(/^Message to/);
    await ada.composer.fill('');
  });

  it('shows reactions of both users in both browsers, with their names', async () => {
    await sendToBob('Cake?');
    const menu = await bob.openMenu('Cake?');
    await menu.getByRole('button', { name: 'React with thumbs up' }).click();
    const chip = ada.reaction('Cake?', /reacted with thumbs up$/);
    await chip.hover();
    // Bob has written nothing: his name is looked up.
    await ada.reaction('Cake?', `${bob.username} reacted with thumbs up`).waitFor();
    expect(await chip.getAttribute('aria-pressed')).toBe('false');

    await chip.click();
    await ada.reaction('Cake?', `You and ${bob.username} reacted with thumbs up`).waitFor();
    expect(await chip.getAttribute('aria-pressed')).toBe('true');
    await bob.reaction('Cake?', `You and ${ada.username} reacted with thumbs up`).click();
    await ada.reaction('Cake?', 'You reacted with thumbs up').click();
    await bob.rows('Cake?').getByRole('list', { name: 'Reactions' }).waitFor({ state: 'detached' });
  });

  it('reacts with an emoji that is found by its name', async () => {
    await sendToBob('Released');
    const menu = await bob.openMenu('Released');
    await menu.getByRole('button', { name: 'More emoji' }).click();
    await bob.page.getByLabel('Search emoji').fill('launch');
    await bob.page.keyboard.press('Enter');
    await ada.reaction('Released', `${bob.username} reacted with 🚀`).waitFor();
  });

  it('asks before it deletes a message, which then leaves no text in either browser', async () => {
    await sendToBob('A secret');
    await ada.deleteMessage('A secret');
    for (const user of [ada, bob]) {
      await user.page.getByText('This message was deleted.').last().waitFor();
      await waitUntilGone(user, 'A secret');
    }
    expect(await focused(ada)).toBe('Messages');
  });

  it('does not save an empty text, and cancels with Escape', async () => {
    await sendToBob('Keep me');
    await ada.composer.press('ArrowUp');
    expect(await ada.editor.inputValue()).toBe('Keep me');
    await ada.editor.fill(' ');
    await ada.page
      .getByText('Write something, or cancel and delete the message instead.')
      .waitFor();
    expect(await ada.page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await ada.page.keyboard.press('Enter');
    await ada.editor.press('Escape');
    await ada.waitForMessage('Keep me');
    expect(await focused(ada)).toMatch(/^Message to/);
  });

  it('edits the last message, reacts and deletes by keyboard alone', async () => {
    const { keyboard } = ada.page;
    await sendToBob('One');
    await sendToBob('Two');
    await ada.composer.press('ArrowUp');
    await keyboard.press('End');
    await keyboard.type(' and a half');
    await keyboard.press('Enter');
    await bob.waitForMessage('Two and a half (edited)');

    await keyboard.press('Shift+Tab');
    expect(await focused(ada)).toContain(
      `Actions for message from ${ada.username}: Two and a half`,
    );
    await keyboard.press('ArrowUp');
    expect(await focused(ada)).toContain(`Actions for message from ${ada.username}: One`);
    await keyboard.press('Enter');
    expect(await focused(ada)).toBe('React with thumbs up');
    await keyboard.press('Enter');
    await bob.reaction('One', /reacted with thumbs up$/).waitFor();
    expect(await focused(ada)).toContain('Actions for message from');

    // The chip disappears with its last reaction.
    await ada.reaction('One', 'You reacted with thumbs up').press('Enter');
    await bob.rows('One').getByRole('list', { name: 'Reactions' }).waitFor({ state: 'detached' });
    expect(await focused(ada)).toContain(`Actions for message from ${ada.username}: One`);

    await keyboard.press('Enter');
    await ada.page.getByRole('button', { name: 'Delete message' }).press('Enter');
    expect(await focused(ada)).toBe('Cancel');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await waitUntilGone(bob, 'One');
  });

  it('offers a member neither to edit nor to delete messages of others, and a moderator the latter', async () => {
    await sendToBob('Rude words');
    const menu = await bob.openMenu('Rude words');
    await menu.getByRole('button', { name: 'React with thumbs up' }).waitFor();
    expect(await menu.getByRole('button', { name: /Edit|Delete/ }).count()).toBe(0);
    await bob.page.keyboard.press('Escape');

    await ada.openMembers();
    await ada.openActions(bob.username);
    await ada.page.getByRole('button', { name: 'Make moderator' }).click();
    await ada.memberRow(bob.username).getByText('moderator', { exact: true }).waitFor();
    await ada.page.getByRole('button', { name: 'Close' }).click();

    await bob.openMenu('Rude words');
    await menu.getByRole('button', { name: 'Delete message' }).waitFor();
    expect(await menu.getByRole('button', { name: 'Edit message' }).count()).toBe(0);
    await bob.page.keyboard.press('Escape');
    await bob.deleteMessage('Rude words');
    await waitUntilGone(ada, 'Rude words');
  });

  it('shows the text before a rejected edit again, with the reason and the rejected text', async () => {
    await sendToBob('As it was');
    await ada.page.routeWebSocket(/socket\.io/, (client) => {
      const server = client.connectToServer();
      client.onMessage((packet) => {
        const [, ackId] = /^42(\d+)\["editMessage"/.exec(String(packet)) ?? [];
        if (ackId === undefined) return server.send(packet);
        const error = { code: 'FORBIDDEN', message: 'This message is too old to be edited.' };
        client.send(`43${ackId}${JSON.stringify([{ ok: false, error }])}`);
      });
    });
    await ada.page.reload();
    await ada.waitForMessage('As it was');
    await ada.editMessage('As it was', 'As it should be');

    const alert = ada.page.getByRole('alert');
    await alert
      .getByText('Your edit wasn’t saved. This message can no longer be edited.')
      .waitFor();
    await alert.getByText('As it should be').waitFor();
    await ada.waitForMessage('As it was');
    await alert.getByRole('button', { name: 'Dismiss' }).click();
    await alert.waitFor({ state: 'detached' });
  });
});
