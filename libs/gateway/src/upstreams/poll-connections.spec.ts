import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@chat/testing';
import type { ResponseHandler } from './instance.ts';
import { PollConnections } from './poll-connections.ts';

const POLLS = 30;

/** Response handler that records only the end of the response. */
class EndHandler implements ResponseHandler {
  readonly #ended = Promise.withResolvers<void>();
  readonly ended = this.#ended.promise;
  error: Error | undefined;
  readonly onRequestStart = (): void => undefined;
  onResponseEnd(): void {
    this.#ended.resolve();
  }
  onResponseError(_controller: unknown, error: Error): void {
    this.error = error;
    this.#ended.resolve();
  }
}

describe('PollConnections', () => {
  let server: Server;
  let polls: PollConnections;
  const waiting: ServerResponse[] = [];
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    server = createServer((_request, response) => waiting.push(response));
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1', 1_024);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    polls = new PollConnections(`http://127.0.0.1:${port}`, { headersTimeout: 0 });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    waiting.length = 0;
  });

  const poll = (): EndHandler => {
    const handler = new EndHandler();
    polls.dispatch({ path: '/socket.io/', method: 'GET' }, handler);
    return handler;
  };
  const respondToAll = (): void => {
    for (const response of waiting.splice(0)) response.end('2');
  };
  const pollConcurrently = async (count: number): Promise<void> => {
    const handlers: EndHandler[] = [];
    // Opens connections one at a time: a full accept queue drops connection attempts.
    while (handlers.length < count) {
      const received = once(server, 'request');
      handlers.push(poll());
      await received;
    }
    respondToAll();
    await Promise.all(handlers.map(({ ended }) => ended));
  };

  it('opens one connection per waiting poll and reuses it', async () => {
    let opened = 0;
    server.on('connection', () => (opened += 1));
    for (let round = 0; round < 3; round += 1) await pollConcurrently(10);
    expect(opened).toBe(10);
    expect(polls.size).toBe(10);
  });

  it('closes and removes idle connections', async () => {
    await pollConcurrently(POLLS);
    await eventually(() => {
      expect(polls.size).toBe(0);
      expect(sockets.size).toBe(0);
    });
    await pollConcurrently(1);
    expect(polls.size).toBe(1);
  });

  it('closes surplus connections while fewer polls continue', async () => {
    await pollConcurrently(POLLS);
    await eventually(async () => {
      await pollConcurrently(2);
      expect(polls.size).toBeLessThan(10);
    });
  });

  it('removes a connection that breaks or cannot be opened', async () => {
    const broken = poll();
    await eventually(() => expect(waiting).toHaveLength(1));
    server.closeAllConnections();
    await broken.ended;
    expect(broken.error).toBeDefined();
    expect(polls.size).toBe(0);
    server.close();
    await once(server, 'close');
    const refused = poll();
    await refused.ended;
    expect(refused.error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(polls.size).toBe(0);
  });
});
