import { afterAll, beforeAll } from '@jest/globals';
import { missingProgram, missingSharedServers } from '@chat/testing';
import { describeUnlessMissing } from '@chat/testing/suites';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { startBrowser } from './browser.ts';
import {
  sharedChatServer,
  startChatServer,
  type ChatServer,
  type OwnChatServer,
} from './chat-server.ts';
import { BrowserUser } from './browser-user.ts';

/** Fixture that the tests of a suite share: one chat server and one browser. */
export class ChatFixture<Server extends ChatServer = ChatServer> {
  #server: Server | undefined;
  #browser: Browser | undefined;

  constructor(private readonly openServer: () => Promise<Server>) {}

  get server(): Server {
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
    this.#server = await this.openServer();
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
  describeWithServer(name, sharedChatServer, suite);
}

/** Defines a suite as {@link describeInBrowser}, with a server of its own that it may stop. */
export function describeWithOwnServer(
  name: string,
  suite: (chat: ChatFixture<OwnChatServer>) => void,
): void {
  describeWithServer(name, startChatServer, suite);
}

function describeWithServer<Server extends ChatServer>(
  name: string,
  openServer: () => Promise<Server>,
  suite: (chat: ChatFixture<Server>) => void,
): void {
  const needsServers = globalThis.pageServer === 'gateway';
  const missing = missingProgram('chromium') ?? (needsServers ? missingSharedServers() : undefined);
  describeUnlessMissing(missing, name, () => {
    const chat = new ChatFixture(openServer);
    beforeAll(() => chat.open());
    afterAll(() => chat.close());
    suite(chat);
  });
}

function running<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The fixture is not started yet.');
  return value;
}
