import { beforeAll, expect, it } from '@jest/globals';
import type { BrowserUser } from './support/browser-user.ts';
import { describeInBrowser } from './support/describe-in-browser.ts';

describeInBrowser('a private room', (chat) => {
  let ada: BrowserUser;
  let bob: BrowserUser;

  beforeAll(async () => {
    ada = await chat.signUp('ada');
    bob = await chat.signUp('bob');
  });

  it('opens for a user added by the owner and closes within 1 s of the removal', async () => {
    await ada.createRoomWith(bob, 'Surprise for Grace');

    await bob.enterRoom('Surprise for Grace');
    await ada.write('Cake or pie?');
    await bob.waitForMessage('Cake or pie?');
    await bob.write('Both');
    await ada.waitForMessage('Both');

    await ada.openMembers();
    await ada.openActions(bob.username);
    await ada.page.getByRole('button', { name: `Remove ${bob.username}` }).click();
    await bob.page
      .getByRole('heading', { name: 'This room isn’t available' })
      .waitFor({ timeout: 1_000 });
    await bob.page.getByText('“Surprise for Grace” doesn’t exist').waitFor();
    expect(await bob.page.getByText('Cake or pie?').count()).toBe(0);
    await bob.page.getByRole('link', { name: 'Go to my rooms' }).click();
    expect(await bob.page.getByRole('link', { name: 'Surprise for Grace' }).count()).toBe(0);
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });

  it('disappears for the owner and a member when the owner deletes it', async () => {
    await ada.addMember(bob.username);
    await bob.enterRoom('Surprise for Grace');
    await bob.waitForMessage('Cake or pie?');

    await ada.page.getByRole('button', { name: 'Delete room' }).click();
    await ada.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await bob.page
      .getByRole('heading', { name: 'This room isn’t available' })
      .waitFor({ timeout: 1_000 });
    for (const { page } of [ada, bob]) {
      await page.getByRole('link', { name: 'Surprise for Grace' }).waitFor({ state: 'detached' });
    }
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });
});
