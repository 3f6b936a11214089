import { afterAll, beforeAll } from '@jest/globals';
import { missingProgram, missingSharedServers } from '@chat/testing';
import { describeUnlessMissing } from '@chat/testing/suites';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { startBrowser } from './browser.ts';
import {
  sharedChatServer,
  startChatServer,
  type ChatServer,
  type DedicatedChatServer,
} from './chat-server.ts';
import { BrowserUser } from './browser-user.ts';

/** Fixture that the tests of a suite share: one chat server and one browser. */
export class ChatFixture<Server extends ChatServer = ChatServer> {
  #server: Server | undefined;
  #browser: Browser | undefined;

  constructor(private readonly openServer: () => Promise<Server>) {}

  get server(): Server {
    return requireStarted(this.#server);
  }

  get browser(): Browser {
    return requireStarted(this.#browser);
  }

  /** Opens the page in a separate browser profile. */
  openPage(name: string, options?: BrowserContextOptions): Promise<BrowserUser> {
    return BrowserUser.openPage(this.browser, this.server.url, name, options);
  }

  /** Opens the page in a separate browser profile and creates an account. */
  async signUp(name: string): Promise<BrowserUser> {
    const user = await this.openPage(name);
    await user.signUp();
    return user;
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
 * Defines a suite that needs a browser and, behind the gateway, the shared servers; behaves like
 * `describeUnlessMissing` if one of them is missing.
 */
export function describeInBrowser(name: string, suite: (chat: ChatFixture) => void): void {
  describeWithServer(name, sharedChatServer, suite);
}

/** Like {@link describeInBrowser}, but with a dedicated server that the suite may stop. */
export function describeWithDedicatedServer(
  name: string,
  suite: (chat: ChatFixture<DedicatedChatServer>) => void,
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

function requireStarted<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The fixture has not been started yet.');
  return value;
}
