import { expect, it } from '@jest/globals';
import { describeInBrowser } from './support/describe-in-browser.ts';

describeInBrowser('the page on a phone', (chat) => {
  it('leads from the rooms into a conversation and back without horizontal scrolling', async () => {
    const ada = await chat.arrive('ada', {
      viewport: { width: 360, height: 740 },
      isMobile: true,
      hasTouch: true,
    });
    expect(await ada.scrollsSideways()).toBe(false);
    await ada.signUp();
    expect(await ada.scrollsSideways()).toBe(false);

    await ada.page.getByRole('link', { name: '#general' }).click();
    await ada.composer.fill(`https://example.org/${'x'.repeat(300)} and ${'y'.repeat(300)}`);
    await ada.page.getByRole('button', { name: 'Send' }).click();
    await ada.page.getByTitle('Stored').waitFor();
    expect(await ada.scrollsSideways()).toBe(false);

    await ada.page.getByRole('button', { name: 'Members and settings' }).click();
    await ada.page.getByRole('dialog').waitFor();
    expect(await ada.scrollsSideways()).toBe(false);
    await ada.page.getByRole('button', { name: 'Close' }).click();

    await ada.page.getByRole('link', { name: 'Back to the rooms' }).click();
    await ada.enterRoom('general');
    expect(ada.complaints).toEqual([]);
  });
});
