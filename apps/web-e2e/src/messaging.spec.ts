import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@chat/testing';
import type { Locator } from 'playwright-core';
import type { BrowserUser } from './support/browser-user.ts';
import { describeInBrowser } from './support/describe-in-browser.ts';

describeInBrowser('the page', (chat) => {
  let ada: BrowserUser;
  let bob: BrowserUser;

  beforeAll(async () => {
    ada = await chat.signUp('ada');
    bob = await chat.signUp('bob');
  });
  afterEach(() => {
    expect([...ada.consoleErrors, ...bob.consoleErrors]).toEqual([]);
  });

  it('exchanges messages between two browsers and marks them as sent', async () => {
    await ada.write('Hello Bob');
    await bob.waitForMessage('Hello Bob');
    await bob.write('Hello Ada, have a look at https://example.org/a_(b).');
    await ada.page.getByRole('link', { name: 'https://example.org/a_(b)', exact: true }).waitFor();
    await ada.waitForStatus('Hello Bob', 'Sent');
    expect(await ada.rows('Hello Bob').count()).toBe(1);
  });

  it('restores the session, room, draft and history after a reload', async () => {
    await ada.write('Before the reload');
    await ada.waitForStatus('Before the reload', 'Sent');
    await ada.composer.fill('an unfinished message');
    await ada.page.reload();
    await ada.waitForMessage('Before the reload');
    expect(new URL(ada.page.url()).pathname).toBe('/chat/general');
    await ada.page.keyboard.type(', continued');
    expect(await ada.composer.inputValue()).toBe('an unfinished message, continued');
    await ada.composer.fill('');
    await bob.waitForMessage('Before the reload');
  });

  it('has one draft in all tabs, which sending in one of them clears', async () => {
    const secondTab = await ada.context.newPage();
    await secondTab.goto(ada.page.url());
    const secondComposer = secondTab.getByRole('textbox', { name: /^Message to/ });
    await secondComposer.waitFor();
    await ada.composer.pressSequentially('Sent once');
    await expectValue(secondComposer, 'Sent once');
    await ada.page.keyboard.press('Enter');
    await ada.waitForStatus('Sent once', 'Sent');
    await expectValue(secondComposer, '');
    await secondTab.close();
  });

  it('announces each of several equal messages to screen readers', async () => {
    for (let n = 0; n < 3; n += 1) await bob.write('ping');
    const announced = ada.page.getByRole('log').getByText(`${bob.username}: ping`);
    await announced.nth(2).waitFor({ state: 'attached' });
    expect(await announced.count()).toBe(3);
  });

  it('shows a right-to-left name before the time of its message', async () => {
    const dana = await chat.signUp('דנה');
    await dana.write('Shalom');
    await ada.waitForMessage('Shalom');
    const row = ada.rows('Shalom');
    const name = await row.getByText(dana.username, { exact: true }).boundingBox();
    const time = await row.locator('time').boundingBox();
    expect((name?.x ?? NaN) + (name?.width ?? NaN)).toBeLessThanOrEqual(time?.x ?? NaN);
    await dana.close();
  });

  it('shows markup in a message as text', async () => {
    const markup = '<img src=x onerror=alert(1)> <b>bold</b> javascript:alert(1)';
    await ada.write(markup);
    await bob.waitForMessage(markup);
    expect(await bob.rows(markup).getByRole('link').count()).toBe(0);
  });

  it('reports that the session has ended when it is revoked by another client', async () => {
    ada.allowConsoleError(/status of 401/);
    await ada.revokeSession();
    await ada.page.getByText('Your session has ended').waitFor();
    await ada.page.getByRole('heading', { name: 'Welcome to the chat' }).waitFor();
  });

  async function expectValue(field: Locator, value: string): Promise<void> {
    await eventually(async () => expect(await field.inputValue()).toBe(value));
  }
});
