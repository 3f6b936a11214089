import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeInBrowser } from './support/describe-in-browser.ts';
import type { Person } from './support/person.ts';

describeInBrowser('the page', (chat) => {
  let ada: Person;
  let bob: Person;

  beforeEach(async () => {
    ada = await chat.arrive('ada');
    bob = await chat.arrive('bob');
    await ada.signUp();
    await bob.signUp();
  });
  afterEach(async () => {
    expect([...ada.complaints, ...bob.complaints]).toEqual([]);
    await ada.leave();
    await bob.leave();
  });

  it('exchanges messages between two browsers and marks them as stored', async () => {
    await ada.write('Hello Bob');
    await bob.see('Hello Bob');
    await bob.write('Hello Ada, have a look at https://example.org/a_(b).');
    await ada.page.getByRole('link', { name: 'https://example.org/a_(b)', exact: true }).waitFor();
    await ada.seeMark('Hello Bob', 'Stored');
    expect(await ada.rows('Hello Bob').count()).toBe(1);
  });

  it('keeps session, room, draft and history over a reload', async () => {
    await ada.write('Before the reload');
    await ada.seeMark('Before the reload', 'Stored');
    await ada.composer.fill('half a thou');
    await ada.page.reload();
    await ada.see('Before the reload');
    expect(new URL(ada.page.url()).pathname).toBe('/chat/general');
    expect(await ada.composer.inputValue()).toBe('half a thou');
    await bob.see('Before the reload');
  });

  it('shows markup in a message as text', async () => {
    const markup = '<img src=x onerror=alert(1)> <b>bold</b> javascript:alert(1)';
    await ada.write(markup);
    await bob.see(markup);
    expect(await bob.rows(markup).getByRole('link').count()).toBe(0);
  });

  it('says that the session has ended when it is revoked elsewhere', async () => {
    ada.tolerate(/status of 401/);
    await ada.endSessionElsewhere();
    await ada.page.getByText('Your session has ended').waitFor();
    await ada.page.getByRole('heading', { name: 'Welcome to the chat' }).waitFor();
  });
});
