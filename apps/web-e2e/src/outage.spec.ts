import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeInBrowser } from './support/describe-in-browser.ts';
import type { Person } from './support/person.ts';
import { countStored } from './support/program.ts';

const SERVER_IS_AWAY =
  /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection/;

describeInBrowser('the page while the server is down', (chat) => {
  let ada: Person;
  let bob: Person;

  beforeEach(async () => {
    ada = await chat.arrive('ada');
    bob = await chat.arrive('bob');
    for (const person of [ada, bob]) {
      person.tolerate(SERVER_IS_AWAY);
      await person.signUp();
      await person.composer.waitFor();
    }
    await ada.write(`Are you there, ${bob.username}?`);
    await ada.seeMark(`Are you there, ${bob.username}?`, 'Stored');
    await bob.see(`Are you there, ${bob.username}?`);
    await chat.server.kill();
    await ada.page.getByText('Not connected. Your messages are kept and will be sent.').waitFor();
  });
  afterEach(async () => {
    expect([...ada.complaints, ...bob.complaints]).toEqual([]);
    await ada.leave();
    await bob.leave();
  });

  it('marks a message as waiting and delivers it once after the restart', async () => {
    await ada.write('Written in the dark');
    await ada.seeMark('Written in the dark', 'Waiting to be sent');
    await chat.server.restart();
    await bob.see('Written in the dark');
    await ada.seeMark('Written in the dark', 'Stored');
    await ada.page.getByText('Not connected.').waitFor({ state: 'detached' });
    await expectOnce('Written in the dark');
  });

  it('keeps a message over a closed tab and delivers it once from the next tab', async () => {
    await ada.write('Written and left');
    await ada.seeMark('Written and left', 'Waiting to be sent');
    await ada.closeTab();
    await chat.server.restart();
    await ada.openTab('/chat/general');
    await bob.see('Written and left');
    await ada.seeMark('Written and left', 'Stored');
    await expectOnce('Written and left');
  });

  async function expectOnce(text: string): Promise<void> {
    expect(await countStored(chat.server.url, 'general', text)).toBe(1);
    expect(await ada.rows(text).count()).toBe(1);
    expect(await bob.rows(text).count()).toBe(1);
  }
});
