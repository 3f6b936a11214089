import { beforeAll, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { createUser } from './support/api-client.ts';
import type { BrowserUser } from './support/browser-user.ts';
import { describeInBrowser } from './support/describe-in-browser.ts';

/** Less than the interval at which the page polls the rooms: changes must arrive as events. */
const LIVE = { timeout: 5_000 };

describeInBrowser('roles of members', (chat) => {
  let ada: BrowserUser;
  let bob: BrowserUser;
  let carol: string;

  beforeAll(async () => {
    ada = await chat.signUp('ada');
    bob = await chat.signUp('bob');
    await ada.createPrivateRoom('Editors');
    await ada.openMembers();
    await ada.addMember(bob.username);
    await bob.enterRoom('Editors');
    await bob.openMembers();
    await badge(bob, ada.username, 'owner').waitFor();
  });

  /** Returns the badge with a role in the row of a member, as `viewer` sees it. */
  function badge(viewer: BrowserUser, username: string, role: string): Locator {
    return viewer.memberRow(username).getByText(role, { exact: true });
  }

  function button({ page }: BrowserUser, name: string): Locator {
    return page.getByRole('button', { name, exact: true });
  }

  function focused({ page }: BrowserUser): Locator {
    return page.locator(':focus');
  }

  it('lets a member add people as soon as the owner makes them a moderator', async () => {
    const addPeople = bob.page.getByLabel('Add people');
    expect(await addPeople.count()).toBe(0);

    await ada.openActions(bob.username);
    await button(ada, 'Make moderator').click();
    await addPeople.waitFor(LIVE);
    await badge(ada, bob.username, 'moderator').waitFor(LIVE);
    await badge(bob, bob.username, 'moderator').waitFor(LIVE);

    carol = await createUser(chat.server.url);
    await bob.addMember(carol);
    await ada.memberRow(carol).waitFor(LIVE);
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });

  it('explains a failed change and keeps the focus on the button', async () => {
    ada.allowConsoleError(/ERR_FAILED/);
    await ada.page.route('**/members/*', (route) => route.abort());
    await ada.openActions(bob.username);
    await button(ada, 'Make member').press('Enter');

    await ada.page.getByRole('alert').getByText('Can’t reach the server.').waitFor();
    expect(await focused(ada).textContent()).toBe('Make member');
    await badge(ada, bob.username, 'moderator').waitFor();
    await ada.page.unroute('**/members/*');
    await ada.openActions(bob.username); // Hides them.
  });

  it('keeps the actions and the focus on another member when a change completes', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await ada.page.route('**/members/*', async (route) => {
      await released;
      await route.continue();
    });
    const actionsOn = (username: string): Locator =>
      ada.page.getByRole('group', { name: `Actions for ${username}` });
    await ada.openActions(bob.username);
    await button(ada, 'Make member').click();
    await ada.openActions(carol);
    release();

    await actionsOn(bob.username).waitFor({ state: 'detached' });
    await badge(ada, bob.username, 'moderator').waitFor({ state: 'detached' });
    await actionsOn(carol).waitFor();
    expect(await focused(ada).getAttribute('aria-label')).toBe(`Actions for ${carol}`);
    await ada.page.unroute('**/members/*');
    await ada.openActions(carol); // Hides them.
  });

  it('asks the owner to hand the room over before leaving', async () => {
    await ada.page.getByText('Hand the room over before you leave.').waitFor();
    expect(await button(ada, 'Leave room').count()).toBe(0);
  });

  it('makes another member the owner and the former owner a moderator', async () => {
    await ada.openActions(bob.username);
    await button(ada, 'Hand over the room').click();
    await ada.page.getByText(`\u2068${bob.username}\u2069 becomes the owner`).waitFor();
    await button(ada, 'Hand over').click();

    for (const viewer of [ada, bob]) {
      await badge(viewer, bob.username, 'owner').waitFor(LIVE);
      await badge(viewer, ada.username, 'moderator').waitFor(LIVE);
    }
    await button(bob, 'Delete room').waitFor(LIVE);
    await button(ada, 'Delete room').waitFor({ state: 'detached' });
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });

  it('lets a moderator step down, by keyboard', async () => {
    const { keyboard } = ada.page;
    await button(ada, `Actions for ${ada.username}`).press('Enter');
    await keyboard.press('Tab');
    await keyboard.press('Enter'); // The focus moves from “Step down” to “Cancel”,
    await keyboard.press('Enter'); // and back.
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.press('Enter');

    await badge(ada, ada.username, 'moderator').waitFor({ state: 'detached' });
    await badge(bob, ada.username, 'moderator').waitFor({ state: 'detached', ...LIVE });
    await ada.page.getByLabel('Add people').waitFor({ state: 'detached' });
    expect(await focused(ada).textContent()).toContain(ada.username);
  });

  it('lets the former owner leave', async () => {
    await button(ada, 'Leave room').click();
    await button(ada, 'Leave').click();
    await ada.page.getByRole('link', { name: 'Editors' }).waitFor({ state: 'detached' });
    await bob.memberRow(ada.username).waitFor({ state: 'detached', ...LIVE });
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });
});
