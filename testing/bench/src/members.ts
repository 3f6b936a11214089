import { randomBytes } from 'node:crypto';
import type { Ack, ClientToServerEvents, ServerToClientEvents } from '@chat/contracts';
import { io, type Socket } from 'socket.io-client';

const CONNECT_TIMEOUT_MS = 20_000;
/** Registrations hash passwords: more concurrency only makes them wait. */
const CONCURRENCY = 4;

/** A connected user in a room. */
export interface Member {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly roomId: string;
}

/** Registers users; resolves with their access tokens. */
export async function registerUsers(url: string, count: number): Promise<string[]> {
  return withConcurrency(count, async (index) => {
    const username = `bench-${index}-${randomBytes(4).toString('hex')}`;
    const response = await fetch(`${url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: `${username}@example.org`,
        password: 'a long one 42',
        username,
      }),
    });
    if (!response.ok)
      throw new Error(`registration failed with ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { token: string }).token;
  });
}

/**
 * Connects one socket for each member of each room, each for a different user, and joins the rooms.
 */
export async function connectMembers(
  url: string,
  tokens: readonly string[],
  { name, rooms, membersPerRoom }: { name: string; rooms: number; membersPerRoom: number },
): Promise<Member[]> {
  return withConcurrency(rooms * membersPerRoom, async (index) => {
    const roomId = `${name}-${index % rooms}`;
    const socket: Member['socket'] = io(url, {
      auth: { token: tokens[index] },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    await waitForConnection(socket);
    const ack = (await socket
      .timeout(CONNECT_TIMEOUT_MS)
      .emitWithAck('joinRoom', { roomId })) as Ack<object>;
    if (!ack.ok) throw new Error(`joinRoom failed: ${ack.error.message}`);
    return { socket, roomId };
  });
}

/** Disconnects the sockets of members. */
export function disconnectMembers(members: readonly Member[]): void {
  for (const { socket } of members) socket.disconnect();
}

function waitForConnection(socket: Member['socket']): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error('a socket did not connect in time')),
      CONNECT_TIMEOUT_MS,
    );
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('connect_error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** Runs `work` for each index below `count` with limited concurrency; resolves with the results. */
async function withConcurrency<T>(
  count: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const workers = Array.from({ length: CONCURRENCY }, async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  });
  await Promise.all(workers);
  return results;
}
