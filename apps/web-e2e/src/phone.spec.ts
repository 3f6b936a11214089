import { expect, it } from '@jest/globals';
import { describeInBrowser } from './support/describe-in-browser.ts';

describeInBrowser('the page on a phone', (chat) => {
  it('navigates from rooms to a conversation, changes a message and goes back without horizontal scrolling', async () => {
    const ada = await chat.openPage('ada', {
      viewport: { width: 360, height: 740 },
      isMobile: true,
      hasTouch: true,
    });
    expect(await ada.scrollsHorizontally()).toBe(false);
    await ada.signUp();
    expect(await ada.scrollsHorizontally()).toBe(false);

    await ada.page.getByRole('link', { name: '#general' }).click();
    await ada.composer.fill(`https://example.org/${'x'.repeat(300)} and ${'y'.repeat(300)}`);
    await ada.page.getByRole('button', { name: 'Send' }).click();
    await ada.page.getByTitle('Sent', { exact: true }).waitFor();
    expect(await ada.scrollsHorizontally()).toBe(false);

    await ada.composer.fill('From my phone');
    await ada.page.getByRole('button', { name: 'Send' }).click();
    await ada.waitForStatus('From my phone', 'Sent');
    const more = ada.rows('From my phone').getByRole('button', { name: /^Actions for message/ });
    await more.tap();
    await ada.page.getByRole('button', { name: 'More emoji' }).tap();
    await ada.page.getByRole('button', { name: 'rocket', exact: true }).tap();
    await ada.reaction('From my phone', 'You reacted with 🚀').waitFor();
    await more.tap();
    expect(await ada.scrollsHorizontally()).toBe(false);
    await ada.page.getByRole('button', { name: 'Edit message' }).tap();
    await ada.editor.fill('Edited on my phone');
    await ada.page.getByRole('button', { name: 'Save' }).tap();
    await ada.waitForMessage('Edited on my phone (edited)');
    expect(await ada.scrollsHorizontally()).toBe(false);

    await ada.openMembers();
    await ada.page.getByRole('dialog').waitFor();
    expect(await ada.scrollsHorizontally()).toBe(false);
    await ada.page.getByRole('button', { name: 'Close' }).click();

    await ada.page.getByRole('link', { name: 'Back to rooms' }).click();
    await ada.enterRoom('general');
    expect(ada.consoleErrors).toEqual([]);
  });
});
