import { KEEP_ALIVE_OPTIONS } from '@chat/platform/http';
import { Client, type Dispatcher } from 'undici';
import type { ResponseHandler } from './instance.ts';

/**
 * Connections to an instance for long polls, one for each waiting poll. An idle connection is
 * reused for the next poll until its keep-alive timeout closes it. undici's Pool would instead never
 * shrink below its peak number of clients.
 */
export class PollConnections {
  readonly #open = new Set<Client>();
  /** Last in, first out, so that surplus connections stay idle and are closed. */
  readonly #idle: Client[] = [];

  constructor(
    private readonly url: string,
    private readonly options: Client.Options,
  ) {}

  /** Number of connections that are open or being opened. */
  get size(): number {
    return this.#open.size;
  }

  /** Sends a poll over a dedicated connection. */
  dispatch(request: Dispatcher.DispatchOptions, handler: ResponseHandler): void {
    const client = this.#idle.pop() ?? this.#connect();
    void handler.ended.then(() => {
      if (this.#open.has(client)) this.#idle.push(client);
    });
    client.dispatch(request, handler);
  }

  #connect(): Client {
    const client = new Client(this.url, { ...KEEP_ALIVE_OPTIONS, ...this.options });
    const forget = (): void => {
      this.#open.delete(client);
      const index = this.#idle.indexOf(client);
      if (index >= 0) this.#idle.splice(index, 1);
    };
    client.on('disconnect', forget);
    client.on('connectionError', forget);
    this.#open.add(client);
    return client;
  }
}
