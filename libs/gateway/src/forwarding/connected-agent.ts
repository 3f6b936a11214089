import { Agent } from 'node:http';
import type { Socket } from 'node:net';

/** For one request, over a connection that is there already. */
export class ConnectedAgent extends Agent {
  constructor(private readonly socket: Socket) {
    super({ keepAlive: false });
  }

  override createConnection(): Socket {
    return this.socket;
  }
}
