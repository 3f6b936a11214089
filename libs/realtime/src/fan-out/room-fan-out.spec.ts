import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Message, ServerEvent } from '@chat/contracts';
import { Server } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import type { ChatSocket } from '../chat-socket.ts';
import type { ChangeEvent } from '../rooms/change-event.ts';
import { RoomFanOut } from './room-fan-out.ts';

const TINY = { sliceWrites: 3, sliceMs: 1_000, turnWrites: 2, roomBytes: 5_000, totalBytes: 8_000 };

function message(roomId: string, rev: number, text = 'hello'): Message {
  return {
    id: String(rev).padStart(22, '0'),
    roomId,
    seq: rev,
    rev,
    userId: 'u1',
    username: 'ann',
    text,
    timestamp: '2026-01-01T00:00:00.000Z',
  };
}

const range = (roomId: string, from: number, to: number): ChangeEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    name: 'receiveMessage',
    payload: message(roomId, from + index),
  }));

const ignore = (): void => undefined;

interface Payload {
  readonly roomId?: string;
  readonly rev?: number;
  readonly userId?: string;
}

/** A socket that records the events written to it. */
class Recorder {
  readonly events: [event: ServerEvent, payload: Payload][] = [];
  readonly conn = { write: (text: string) => this.#record(text) };
  readonly #revs = new Map<string, number[]>();

  get socket(): ChatSocket {
    return this as unknown as ChatSocket;
  }

  /** Revs of messages and users of changed memberships, in order of arrival. */
  get received(): (number | string | undefined)[] {
    return this.events.map(([event, { rev, userId }]) =>
      event === 'memberChanged' ? userId : rev,
    );
  }

  revsOf(roomId: string): readonly number[] {
    return this.#revs.get(roomId) ?? [];
  }

  #record(text: string): void {
    const [event, payload] = JSON.parse(text.slice(1)) as [ServerEvent, Payload];
    this.events.push([event, payload]);
    const { roomId, rev } = payload;
    if (roomId === undefined || rev === undefined) return;
    this.#revs.set(roomId, [...this.revsOf(roomId), rev]);
  }
}

function recorders(count: number): Recorder[] {
  return Array.from({ length: count }, () => new Recorder());
}

describe('RoomFanOut', () => {
  it('writes every change once and in order to every socket of the room', async () => {
    const fanOut = new RoomFanOut(TINY);
    const members = recorders(7);
    const [nonMember] = recorders(1);
    for (const { socket } of members) fanOut.enter('general', socket);
    if (nonMember) fanOut.enter('other', nonMember.socket);
    fanOut.sendChanges('general', range('general', 1, 5), ignore);
    await nextTurn();
    fanOut.sendChanges('general', range('general', 6, 250), ignore);
    await fanOut.whenIdle();
    for (const member of members) {
      expect(member.received).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    }
    expect(nonMember?.received).toEqual([]);
  });

  it('removes a socket from the room when a write closes the socket', async () => {
    const fanOut = new RoomFanOut(TINY);
    const closing = {
      conn: { write: () => fanOut.leave('general', closing as unknown as ChatSocket) },
    };
    const socket = closing as unknown as ChatSocket;
    expect(fanOut.enter('general', socket)).toBe(true);
    fanOut.sendChanges('general', range('general', 1, 2), ignore);
    await fanOut.whenIdle();
    expect(fanOut.socketsIn('general')).toEqual([]);

    expect(fanOut.enter('general', socket)).toBe(true);
    fanOut.sendChanges('general', range('general', 3, 4), ignore);
    expect(fanOut.enter('general', socket)).toBe(false);
    expect(fanOut.socketsIn('general')).toEqual([]);
  });

  it('calls back only once the changes were written to every socket', async () => {
    const fanOut = new RoomFanOut(TINY);
    const members = recorders(9);
    for (const { socket } of members) fanOut.enter('general', socket);
    const written = new Promise<number[]>((resolve) => {
      fanOut.sendChanges('general', range('general', 1, 3), () => {
        resolve(members.map(({ received }) => received.length));
      });
    });
    expect(await written).toEqual(members.map(() => 3));
  });

  it('yields to the event loop after each slice of writes', async () => {
    const fanOut = new RoomFanOut({ ...TINY, sliceWrites: 20 });
    const members = recorders(100);
    for (const { socket } of members) fanOut.enter('general', socket);
    fanOut.sendChanges('general', range('general', 1, 10), ignore);
    const writes = (): number => members.reduce((sum, { events }) => sum + events.length, 0);
    let longest = 0;
    let turns = 0;
    for (let before = writes(); before < 1_000; turns += 1) {
      await nextTurn();
      longest = Math.max(longest, writes() - before);
      before = writes();
    }
    expect(longest).toBeLessThanOrEqual(30);
    expect(turns).toBeGreaterThanOrEqual(33);
  });

  it('ends a slice after sliceMs, even before the limit of writes is reached', async () => {
    const fanOut = new RoomFanOut({ ...TINY, sliceWrites: 1_000_000, sliceMs: 0 });
    const members = recorders(100);
    for (const { socket } of members) fanOut.enter('general', socket);
    fanOut.sendChanges('general', range('general', 1, 1), ignore);
    await nextTurn();
    expect(members.filter(({ events }) => events.length > 0).length).toBeLessThan(5);
    await fanOut.whenIdle();
  });

  it('serves rooms round-robin, so that a large room does not delay a small room', async () => {
    const fanOut = new RoomFanOut(TINY);
    const large = recorders(100);
    const [small] = recorders(1);
    if (!small) throw new Error('there is no socket');
    for (const { socket } of large) fanOut.enter('large', socket);
    fanOut.enter('small', small.socket);
    fanOut.sendChanges('large', range('large', 1, 10), ignore);
    await nextTurn();
    fanOut.sendChanges('small', range('small', 1, 2), ignore);
    for (let turns = 0; turns < 3; turns += 1) await nextTurn();
    expect(small.received).toEqual([1, 2]);
    expect(large.at(-1)?.received).toEqual([]);
    await fanOut.whenIdle();
  });

  it('writes events in order with the changes of the room, coalescing those about the same user', async () => {
    const fanOut = new RoomFanOut(TINY);
    const [member] = recorders(1);
    if (!member) throw new Error('there is no socket');
    fanOut.enter('general', member.socket);
    const changed = (userId: string): void => {
      fanOut.send('general', 'memberChanged', { roomId: 'general', userId, role: 'member' });
    };
    fanOut.sendChanges('general', range('general', 1, 1), ignore);
    changed('ann');
    changed('bob');
    fanOut.sendChanges('general', range('general', 2, 2), ignore);
    for (let n = 0; n < 100; n += 1) changed('ann');
    await fanOut.whenIdle();
    expect(member.received).toEqual([1, 'bob', 2, 'ann']);
  });

  it('writes only the sendTo event to sockets that have left the room', async () => {
    const fanOut = new RoomFanOut(TINY);
    const members = recorders(20);
    for (const { socket } of members) fanOut.enter('general', socket);
    fanOut.sendChanges('general', range('general', 1, 10), ignore);
    for (const { socket } of members) fanOut.leave('general', socket);
    const sockets = members.map(({ socket }) => socket);
    fanOut.sendTo(sockets, 'roomRemoved', { roomId: 'general' });
    await fanOut.whenIdle();
    for (const { events } of members)
      expect(events).toEqual([['roomRemoved', { roomId: 'general' }]]);
  });

  it('has no capacity for a room beyond roomBytes, nor for any room beyond totalBytes', async () => {
    const fanOut = new RoomFanOut(TINY);
    for (const roomId of ['one', 'two', 'three']) {
      for (const { socket } of recorders(5)) fanOut.enter(roomId, socket);
    }
    const [changesOfOne, changesOfTwo] = [range('one', 1, 20), range('two', 1, 20)];
    expect(fanOut.hasCapacity('one')).toBe(true);
    fanOut.sendChanges('one', changesOfOne, ignore);
    expect(fanOut.hasCapacity('one')).toBe(false);
    expect(fanOut.hasCapacity('two')).toBe(true);
    fanOut.sendChanges('two', changesOfTwo, ignore);
    expect(fanOut.hasCapacity('three')).toBe(false);
    await Promise.all(
      ['one', 'three'].map(async (roomId) => {
        await fanOut.waitForCapacity(roomId);
        expect(fanOut.hasCapacity(roomId)).toBe(true);
      }),
    );
    await fanOut.whenIdle();
  });

  it.each(Array.from({ length: 25 }, (_, seed) => seed + 1))(
    'writes the changes of a room to a socket only while it is in the room, in order (seed %d)',
    async (seed) => {
      await new Interleaving(seed).run();
    },
  );

  it('lets the server acknowledge a client event while thousands of changes are pending', async () => {
    const http = createServer();
    const server = new Server(http);
    const fanOut = new RoomFanOut();
    server.on('connection', (socket) => {
      const member: unknown = socket;
      fanOut.enter('general', member as ChatSocket);
      socket.on('ping', (acknowledge: () => void) => acknowledge());
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const clients: Client[] = [];
    try {
      for (let n = 0; n < 50; n += 1) {
        const client = io(url, { transports: ['websocket'], forceNew: true, reconnection: false });
        clients.push(client);
        await new Promise<void>((resolve) => client.once('connect', resolve));
      }
      const received = clients.map((): number[] => []);
      for (const [index, client] of clients.entries()) {
        client.on('receiveMessage', ({ rev }: Message) => received[index]?.push(rev));
      }
      let idle = false;
      fanOut.sendChanges('general', range('general', 1, 500), ignore);
      const written = fanOut.whenIdle().then(() => (idle = true));
      await clients[0]?.timeout(10_000).emitWithAck('ping');
      expect(idle).toBe(false);
      await written;
      await Promise.all(clients.map((client) => client.timeout(10_000).emitWithAck('ping')));
      const all = Array.from({ length: 500 }, (_, index) => index + 1);
      for (const revs of received) expect(revs).toEqual(all);
    } finally {
      for (const client of clients) client.disconnect();
      await server.close();
    }
  });
});

/** The expected changes of a socket between entering a room and leaving it. */
interface Stay {
  /** Index of its first change in all changes of the room that the socket received. */
  readonly from: number;
  readonly expected: number[];
}

/** Sockets enter and leave rooms at random while changes are sent to them. */
class Interleaving {
  readonly #fanOut = new RoomFanOut(TINY);
  readonly #rooms = ['red', 'green', 'blue'];
  readonly #sockets = recorders(6);
  readonly #stays = new Map<string, Stay>();
  readonly #revs = new Map<string, number>();
  /** Number of changes of each room that a socket had received when it left; it must not grow. */
  readonly #left = new Map<string, number>();

  constructor(private seed: number) {}

  async run(): Promise<void> {
    for (let step = 0; step < 400; step += 1) {
      const roll = this.#random(20);
      if (roll < 6) this.#change();
      else if (roll < 10) this.#enter();
      else if (roll < 13) this.#leave();
      else if (roll < 14) this.#leaveAll();
      else await nextTurn();
      this.#checkLeft();
    }
    await this.#fanOut.whenIdle();
    this.#checkLeft();
    for (const [key, { from, expected }] of this.#stays) {
      expect(this.#received(key).slice(from)).toEqual(expected);
    }
  }

  #change(): void {
    const roomId = this.#pick(this.#rooms);
    const rev = this.#revs.get(roomId) ?? 0;
    const last = rev + 1 + this.#random(4);
    const changes = range(roomId, rev + 1, last);
    const revs = Array.from({ length: last - rev }, (_, index) => rev + 1 + index);
    this.#revs.set(roomId, last);
    for (const [key, { expected }] of this.#stays) {
      if (key.endsWith(roomId)) expected.push(...revs);
    }
    this.#fanOut.sendChanges(roomId, changes, ignore);
  }

  #enter(): void {
    const [key, roomId, recorder] = this.#place();
    const stay = this.#stays.get(key);
    this.#fanOut.enter(roomId, recorder.socket);
    const received = this.#received(key);
    // A socket that is in the room already has all of its changes when `enter` returns.
    if (stay) expect(received.slice(stay.from)).toEqual(stay.expected);
    else this.#stays.set(key, { from: received.length, expected: [] });
    this.#left.delete(key);
  }

  #leave([key, roomId, recorder] = this.#place()): void {
    this.#fanOut.leave(roomId, recorder.socket);
    const stay = this.#stays.get(key);
    if (!stay) return;
    const received = this.#received(key);
    const receivedInStay = received.slice(stay.from);
    expect(receivedInStay).toEqual(stay.expected.slice(0, receivedInStay.length));
    this.#stays.delete(key);
    this.#left.set(key, received.length);
  }

  #leaveAll(): void {
    const roomId = this.#pick(this.#rooms);
    for (const [index, recorder] of this.#sockets.entries()) {
      this.#leave([`${index} ${roomId}`, roomId, recorder]);
    }
  }

  #checkLeft(): void {
    for (const [key, length] of this.#left) {
      if (this.#received(key).length > length) throw new Error(`${key} was written after it left`);
    }
  }

  #received(key: string): readonly number[] {
    const [index, roomId] = key.split(' ');
    return this.#sockets[Number(index)]?.revsOf(roomId ?? '') ?? [];
  }

  #place(): [key: string, roomId: string, recorder: Recorder] {
    const roomId = this.#pick(this.#rooms);
    const recorder = this.#pick(this.#sockets);
    return [`${this.#sockets.indexOf(recorder)} ${roomId}`, roomId, recorder];
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random(from.length)] as T;
  }

  /** Returns a pseudo-random integer less than `limit`, reproducible from the seed (mulberry32). */
  #random(limit: number): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
}
