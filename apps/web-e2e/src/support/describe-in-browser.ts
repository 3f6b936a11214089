import { afterAll, beforeAll } from '@jest/globals';
import { missingProgram, missingSharedServers } from '@chat/testing';
import { describeUnlessMissing } from '@chat/testing/suites';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { startChatServer, type ChatServer } from './chat-server.ts';
import { BrowserUser } from './browser-user.ts';

/** Fixture that the tests of a suite share: one chat server and one browser. */
export class ChatFixture {
  #server: ChatServer | undefined;
  #browser: Browser | undefined;

  get server(): ChatServer {
    return running(this.#server);
  }

  get browser(): Browser {
    return running(this.#browser);
  }

  /** Opens the page in a separate browser profile. */
  openPage(name: string, options?: BrowserContextOptions): Promise<BrowserUser> {
    return BrowserUser.openPage(this.browser, this.server.url, name, options);
  }

  async open(): Promise<void> {
    this.#server = await startChatServer();
    this.#browser = await startBrowser();
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.#server?.close();
  }
}

/**
 * Defines a suite that needs a browser and, behind the gateway, the shared servers; as
 * `describeUnlessMissing` when one of them is missing.
 */
export function describeInBrowser(name: string, suite: (chat: ChatFixture) => void): void {
  const needsServers = globalThis.pageServer === 'gateway';
  const missing = missingProgram('chromium') ?? (needsServers ? missingSharedServers() : undefined);
  describeUnlessMissing(missing, name, () => {
    const chat = new ChatFixture();
    beforeAll(() => chat.open());
    afterAll(() => chat.close());
    suite(chat);
  });
}

function running<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The fixture is not started yet.');
  return value;
}
