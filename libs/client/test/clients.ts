import { ChatClient, type ChatClientOptions } from '../src/index.ts';
import type { ScriptedServer } from './scripted-server.ts';

/** Creates the clients of one test and closes them together. */
export class Clients {
  readonly #all: ChatClient[] = [];

  /** Creates a client, signed out unless its session storage has a session. */
  create(server: ScriptedServer, options: Partial<ChatClientOptions> = {}): ChatClient {
    const client = new ChatClient({ url: server.url, transports: ['websocket'], ...options });
    this.#all.push(client);
    return client;
  }

  /** Creates a client that is signed in and online. */
  async signedIn(
    server: ScriptedServer,
    name: string,
    options: Partial<ChatClientOptions> = {},
  ): Promise<ChatClient> {
    const client = this.create(server, options);
    await client.session.login({ email: `${name}@example.org`, password: 'correct horse' });
    await client.connection.whenOnline(5_000);
    return client;
  }

  close(): void {
    for (const client of this.#all.splice(0)) client.close();
  }
}
