import { Agent } from 'node:http';
import type { Socket } from 'node:net';

/** HTTP agent that sends one request over an existing connection. */
export class ConnectedAgent extends Agent {
  constructor(private readonly socket: Socket) {
    super({ keepAlive: false });
  }

  override createConnection(): Socket {
    return this.socket;
  }
}
