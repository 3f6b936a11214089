import { ChatClient, type ChatClientOptions } from '../src/index.ts';
import { FastClock } from './fast-clock.ts';
import { ScriptedServer } from './scripted-server.ts';

/** The clients of one test, with a server and a fast clock of their own. */
export class Clients {
  readonly #all: ChatClient[] = [];

  private constructor(
    private readonly clock: FastClock,
    readonly server: ScriptedServer,
  ) {}

  /** Starts the clock and the server. */
  static async start(): Promise<Clients> {
    const clock = FastClock.start();
    return new Clients(clock, await ScriptedServer.start());
  }

  /** Creates a client, signed out unless its session storage has a session. */
  create(options: Partial<ChatClientOptions> = {}): ChatClient {
    const client = new ChatClient({ url: this.server.url, transports: ['websocket'], ...options });
    this.#all.push(client);
    return client;
  }

  /** Creates a client that is signed in and online. */
  async signedIn(name: string, options: Partial<ChatClientOptions> = {}): Promise<ChatClient> {
    const client = this.create(options);
    await client.session.login({ email: `${name}@example.org`, password: 'correct horse' });
    await client.connection.whenOnline(5_000);
    return client;
  }

  /** Closes all clients, and stops the server and the clock. */
  async close(): Promise<void> {
    for (const client of this.#all.splice(0)) client.close();
    await this.server.stop();
    await this.clock.stop();
  }
}
