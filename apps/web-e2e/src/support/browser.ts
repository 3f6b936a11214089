import { programPath } from '@chat/testing';
import { chromium, type Browser } from 'playwright-core';

/** Starts the installed Chromium, or Chrome, so that root can run it without a screen. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: programPath('chromium'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--disable-quic',
    ],
  });
}
