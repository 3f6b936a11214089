import { afterAll, beforeAll } from '@jest/globals';
import { missingProgram, missingSharedServers } from '@chat/testing';
import { describeUnless } from '@chat/testing/suites';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { startChatServer, type ChatServer } from './chat-server.ts';
import { Person } from './person.ts';

/** What the tests of a suite share: one chat, and one browser for all who come. */
export class OpenChat {
  #server: ChatServer | undefined;
  #browser: Browser | undefined;

  get server(): ChatServer {
    return running(this.#server);
  }

  get browser(): Browser {
    return running(this.#browser);
  }

  /** Somebody opens the page, in a profile of their own. */
  arrive(name: string, options?: BrowserContextOptions): Promise<Person> {
    return Person.arrive(this.browser, this.server.url, name, options);
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

/** A suite that needs a browser, and whatever the chat runs on; as `describeWith` without them. */
export function describeInBrowser(name: string, suite: (chat: OpenChat) => void): void {
  const needsServers = globalThis.pageComesFrom === 'gateway';
  const missing = missingProgram('chromium') ?? (needsServers ? missingSharedServers() : undefined);
  describeUnless(missing, name, () => {
    const chat = new OpenChat();
    beforeAll(() => chat.open());
    afterAll(() => chat.close());
    suite(chat);
  });
}

function running<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('The chat is not open yet.');
  return part;
}
