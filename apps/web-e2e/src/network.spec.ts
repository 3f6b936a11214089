import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { BrowserUser } from './support/browser-user.ts';
import { describeInBrowser } from './support/describe-in-browser.ts';

describeInBrowser('the page on an unreliable network', (chat) => {
  let ada: BrowserUser;

  beforeEach(async () => {
    ada = await chat.openPage('ada');
  });
  afterEach(async () => {
    expect(ada.consoleErrors).toEqual([]);
    await ada.close();
  });

  it('says within 1 s that the browser has no network, and sends messages once it has', async () => {
    ada.allowConsoleError(/ERR_INTERNET_DISCONNECTED/);
    await ada.signUp();
    await ada.write('Before the tunnel');
    await ada.waitForStatus('Before the tunnel', 'Sent');
    await ada.context.setOffline(true);
    const offline = ada.page.getByText('You’re offline. Messages will be sent when you reconnect.');
    await offline.waitFor({ timeout: 1_000 });
    await ada.write('In the tunnel');
    await ada.waitForStatus('In the tunnel', 'Waiting to be sent');
    await ada.context.setOffline(false);
    await ada.waitForStatus('In the tunnel', 'Sent');
    await offline.waitFor({ state: 'detached' });
  });

  it('sends by long polling when WebSockets are accepted but swallowed, at once after a reload', async () => {
    let webSockets = 0;
    // Without a handler for its messages, no frame reaches the server or the page.
    await ada.page.routeWebSocket(/\/socket\.io\//, () => void (webSockets += 1));
    await ada.open('/');
    await ada.signUp();
    await ada.write('By long polling');
    await ada.waitForStatus('By long polling', 'Sent');
    expect(webSockets).toBeGreaterThan(0);

    const before = webSockets;
    let webSocketsBeforePolling = NaN;
    const polled = ada.page.waitForResponse((response) => {
      webSocketsBeforePolling = webSockets - before;
      return /\/socket\.io\/\?.*transport=polling/.test(response.url());
    });
    await ada.page.reload();
    await polled;
    expect(webSocketsBeforePolling).toBe(0);
    await ada.write('After the reload');
    await ada.waitForStatus('After the reload', 'Sent');
  });
});
