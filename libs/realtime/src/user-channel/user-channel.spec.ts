import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Message, ServerPayload } from '@chat/contracts';
import type { PublishedHead } from '@chat/messages';
import type { PositionsOfUsers, ReadPosition } from '@chat/rooms';
import { InMemorySignals } from '@chat/platform/signals';
import { READ_POSITIONS_MOVED } from '@chat/rooms/signals';
import { Logger } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { RoomFanOut } from '../fan-out/room-fan-out.ts';
import { InMemoryHeads } from '../in-memory-heads.ts';
import type { RoomDirectory } from '../room-directory.ts';
import { SignalListener } from '../signals/signal-listener.ts';
import { SocketRechecks } from '../signals/socket-rechecks.ts';
import { HeadFanOut } from './head-fan-out.ts';
import { UserChannel } from './user-channel.ts';
import { UserRoomsLoader } from './user-rooms-loader.ts';
import { UserRooms, type RoomOfUser } from './user-rooms.ts';

/** Longer than heads wait for others. Milliseconds. */
const SOON = 100;

/** A socket that records its `roomHeads` events. */
class TestSocket {
  connected = true;
  readonly data: { identity: { userId: string } };
  readonly events: ServerPayload<'roomHeads'>[] = [];
  readonly conn = {
    transport: { writable: true },
    writeBuffer: [] as unknown[],
    write: (text: string) => {
      const [event, payload] = JSON.parse(text.slice(1)) as [string, ServerPayload<'roomHeads'>];
      if (event === 'roomHeads') this.events.push(payload);
    },
  };

  constructor(userId: string) {
    this.data = { identity: { userId } };
  }

  get socket(): ChatSocket {
    return this as unknown as ChatSocket;
  }

  /** Room, seq and unread count of each head. */
  get heads(): [roomId: string, seq: number, unread: number | undefined][] {
    return this.events.flat().map(({ roomId, seq, unread }) => [roomId, seq, unread]);
  }
}

/** A directory whose calls stay pending while it is held, and fail while it is down. */
class TestDirectory {
  readonly positions: ReadPosition[] = [];
  readonly calls: string[][] = [];
  limit = Infinity;
  isDown = false;
  held: PromiseWithResolvers<void> | undefined;
  inFlight = 0;
  maxInFlight = 0;

  add(userId: string, roomId: string, lastReadSeq = 0): void {
    this.positions.push({ userId, roomId, lastReadSeq });
  }

  remove(userId: string, roomId: string): void {
    const index = this.positions.findIndex((p) => p.userId === userId && p.roomId === roomId);
    this.positions.splice(index, 1);
  }

  hold(): void {
    this.held = Promise.withResolvers();
  }

  release(): void {
    this.held?.resolve();
    this.held = undefined;
  }

  async positionsOf(userIds: readonly string[]): Promise<PositionsOfUsers> {
    this.calls.push([...userIds]);
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    const found = this.positions.filter(({ userId }) => userIds.includes(userId));
    await this.held?.promise;
    await Promise.resolve();
    this.inFlight -= 1;
    if (this.isDown) throw new Error('the directory is unavailable');
    return { positions: found.slice(0, this.limit), complete: found.length <= this.limit };
  }
}

function message(roomId: string, seq: number, fields: Partial<Message> = {}): Message {
  return {
    id: `${roomId} ${seq}`,
    roomId,
    seq,
    rev: seq,
    userId: 'eve',
    username: 'eve',
    text: `message ${seq}`,
    timestamp: '2026-01-01T00:00:00.000Z',
    ...fields,
  };
}

function head(roomId: string, seq: number, fields: Partial<Message> = {}): PublishedHead {
  const lastMessage = message(roomId, seq, fields);
  return { roomId, seq, rev: lastMessage.rev, lastMessage };
}

describe('UserChannel', () => {
  let directory: TestDirectory;
  let feed: InMemoryHeads;
  let reportGap: () => void;
  let roomFanOut: RoomFanOut;
  let signals: InMemorySignals;
  let channel: UserChannel;
  let ended: RoomOfUser[];
  let stop: () => void;

  beforeEach(() => {
    Logger.overrideLogger(false);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    directory = new TestDirectory();
    feed = new InMemoryHeads();
    feed.onGap = (listener?: () => void) => {
      reportGap = () => listener?.();
      return () => undefined;
    };
    roomFanOut = new RoomFanOut();
    const rooms = new UserRooms();
    const loader = new UserRoomsLoader(directory as unknown as RoomDirectory, rooms);
    const heads = new HeadFanOut(rooms, roomFanOut);
    signals = new InMemorySignals();
    const listener = new SignalListener(signals);
    channel = new UserChannel(feed, rooms, loader, heads, listener, new SocketRechecks());
    channel.onModuleInit();
    ended = [];
    channel.onMembershipEnded((membership) => ended.push(membership));
    stop = () => {
      channel.onApplicationShutdown();
      loader.onApplicationShutdown();
      heads.onApplicationShutdown();
    };
  });
  afterEach(() => {
    stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const pass = (ms = SOON): Promise<void> => jest.advanceTimersByTimeAsync(ms);

  function signalPosition(roomId: string, lastReadSeq: number): void {
    const position = { userId: 'ann', roomId, lastReadSeq, unread: 0 };
    signals.publish(READ_POSITIONS_MOVED, { positions: [position] });
  }

  /** Connects a socket, and waits until the rooms of its user are loaded. */
  async function connect(userId: string): Promise<TestSocket> {
    const socket = new TestSocket(userId);
    channel.connect(socket.socket);
    await pass(0);
    return socket;
  }

  it('sends the heads of all rooms of a user in one event, with the unread messages', async () => {
    directory.add('ann', 'den', 3);
    directory.add('ann', 'lunch', 0);
    directory.add('ann', 'quiet', 9);
    const ann = await connect('ann');
    feed.publish([head('den', 5), head('other', 1)]);
    feed.publish([head('lunch', 1), head('quiet', 9)]);
    await pass();
    expect(ann.events).toEqual([
      [
        { ...head('den', 5), unread: 2 },
        { ...head('lunch', 1), unread: 1 },
        { ...head('quiet', 9), unread: 0 },
      ],
    ]);
  });

  it('sends heads to every socket of every member, and to no other user', async () => {
    directory.add('ann', 'den');
    directory.add('bob', 'den', 1);
    directory.add('eve', 'lunch');
    const [first, second] = [await connect('ann'), await connect('ann')];
    const [bob, eve] = [await connect('bob'), await connect('eve')];
    feed.publish([head('den', 1)]);
    await pass();
    expect([first, second, bob, eve].map(({ heads }) => heads)).toEqual([
      [['den', 1, 1]],
      [['den', 1, 1]],
      [['den', 1, 0]],
      [],
    ]);
  });

  it('sends the head of a room only to sockets that have not joined it', async () => {
    directory.add('ann', 'den');
    const [joined, other] = [await connect('ann'), await connect('ann')];
    roomFanOut.enter('den', joined.socket);
    feed.publish([head('den', 1)]);
    await pass();
    expect([joined.heads, other.heads]).toEqual([[], [['den', 1, 1]]]);
    roomFanOut.leave('den', joined.socket);
    feed.publish([head('den', 2)]);
    await pass();
    expect(joined.heads).toEqual([['den', 2, 2]]);
    feed.publish([head('den', 3)]);
    roomFanOut.enter('den', joined.socket);
    await pass();
    expect(joined.heads).toHaveLength(1);
  });

  it('counts the unread messages from the latest read position, also when that moved back', async () => {
    directory.add('ann', 'den', 1);
    const ann = await connect('ann');
    const publishAt = async (seq: number, lastReadSeq: number) => {
      signalPosition('den', lastReadSeq);
      feed.publish([head('den', seq)]);
      await pass();
    };
    await publishAt(5, 4);
    await publishAt(6, 6);
    await publishAt(7, 2);
    await publishAt(8, 100);
    expect(ann.heads.map(([, , unread]) => unread)).toEqual([1, 0, 5, 0]);
  });

  it('counts no unread messages for the sender of a new message, but for a later edit', async () => {
    directory.add('ann', 'den');
    const ann = await connect('ann');
    feed.publish([head('den', 4, { userId: 'ann' })]);
    await pass();
    signalPosition('den', 1);
    const edited = { userId: 'ann', rev: 5, editedAt: '2026-01-01T00:01:00.000Z' };
    feed.publish([head('den', 4, edited)]);
    await pass();
    expect(ann.heads).toEqual([
      ['den', 4, 0],
      ['den', 4, 3],
    ]);
  });

  it('sends nothing after the membership has ended, not even a waiting head', async () => {
    directory.add('ann', 'den');
    directory.add('bob', 'den');
    const [ann, bob] = [await connect('ann'), await connect('bob')];
    feed.publish([head('den', 1)]);
    channel.removeMember('ann', 'den');
    await pass();
    channel.removeRoom('den');
    feed.publish([head('den', 2)]);
    await pass();
    expect([ann.heads, bob.heads]).toEqual([[], [['den', 1, 1]]]);
    expect([...channel.memberSocketsOf('den')]).toEqual([]);
  });

  it('sends the heads of a room that the user joins later', async () => {
    const ann = await connect('ann');
    directory.add('ann', 'den', 7);
    channel.addMember('ann', 'den');
    feed.publish([head('den', 8)]);
    await pass();
    expect(ann.heads).toEqual([['den', 8, 1]]);
  });

  it('sends a head that arrives while the rooms of the user are being loaded', async () => {
    directory.add('ann', 'den');
    directory.hold();
    const ann = await connect('ann');
    feed.publish([head('den', 1), head('other', 1)]);
    feed.publish([head('den', 2)]);
    await pass();
    expect(ann.events).toEqual([]);
    directory.release();
    await pass();
    expect(ann.heads).toEqual([['den', 2, 2]]);
  });

  it('keeps what signals report during a load, which may have been read before', async () => {
    for (const roomId of ['left', 'deleted', 'read', 'kept']) directory.add('ann', roomId);
    directory.hold();
    const ann = await connect('ann');
    channel.removeMember('ann', 'left');
    channel.removeRoom('deleted');
    signalPosition('read', 5);
    directory.release();
    await pass();
    feed.publish(['left', 'deleted', 'read', 'kept'].map((roomId) => head(roomId, 6)));
    await pass();
    expect(ann.heads).toEqual([
      ['read', 6, 1],
      ['kept', 6, 6],
    ]);
  });

  it('keeps a membership ended when a read position arrives after its end during a load', async () => {
    directory.add('ann', 'den');
    directory.hold();
    const ann = await connect('ann');
    channel.removeMember('ann', 'den');
    signalPosition('den', 5);
    directory.release();
    await pass();
    feed.publish([head('den', 6)]);
    await pass();
    expect(ann.heads).toEqual([]);
    expect([...channel.memberSocketsOf('den')]).toEqual([]);
  });

  it('forgets a user when the last socket is gone', async () => {
    directory.add('ann', 'den');
    const [first, second] = [await connect('ann'), await connect('ann')];
    channel.disconnect(first.socket);
    feed.publish([head('den', 1)]);
    channel.disconnect(second.socket);
    await pass();
    expect([first.events, second.events]).toEqual([[], []]);
    expect([...channel.memberSocketsOf('den')]).toEqual([]);
    expect(directory.calls).toEqual([['ann']]);
  });

  it('loads the rooms of 200 users who connect together in few calls, two at a time', async () => {
    directory.hold();
    const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
    for (const userId of users) directory.add(userId, 'den');
    const sockets = await Promise.all(users.map(connect));
    directory.release();
    await pass();
    expect(directory.calls.flat().toSorted()).toEqual(users.toSorted());
    expect(directory.calls.length).toBeLessThanOrEqual(6);
    expect(directory.maxInFlight).toBe(2);
    feed.publish([head('den', 1)]);
    await pass();
    expect(sockets.filter(({ heads }) => heads.length !== 1)).toEqual([]);
  });

  it('loads the rooms of a user again after the load in progress, not at the same time', async () => {
    directory.hold();
    await connect('ann');
    channel.addMember('ann', 'den');
    channel.addMember('ann', 'lunch');
    expect(directory.maxInFlight).toBe(1);
    directory.release();
    await pass();
    expect(directory.calls).toEqual([['ann'], ['ann']]);
  });

  it('requests fewer users together when they have too many rooms', async () => {
    directory.hold();
    for (const userId of ['first', 'ann', 'bob', 'cid']) {
      for (const roomId of ['den', 'lunch', 'music']) directory.add(userId, roomId);
    }
    const users = await Promise.all(['first', 'ann', 'bob', 'cid'].map(connect));
    directory.limit = 4;
    directory.release();
    await pass();
    feed.publish([head('music', 1)]);
    await pass();
    for (const { heads } of users) expect(heads).toEqual([['music', 1, 1]]);
  });

  it('ends no membership of a user with more rooms than the directory returns', async () => {
    for (const roomId of ['den', 'lunch', 'music']) directory.add('ann', roomId);
    await connect('ann');
    directory.limit = 2;
    channel.recheck();
    await pass();
    expect(ended).toEqual([]);
  });

  it('retries with backoff while the directory is unavailable', async () => {
    directory.add('ann', 'den');
    directory.isDown = true;
    const ann = await connect('ann');
    await pass(60_000);
    expect(directory.calls.length).toBeGreaterThan(10);
    expect(directory.calls.length).toBeLessThan(40);
    directory.isDown = false;
    await pass(6_000);
    feed.publish([head('den', 1)]);
    await pass();
    expect(ann.heads).toEqual([['den', 1, 1]]);
  });

  it('finds memberships whose signals were lost, with a recheck and after a gap', async () => {
    directory.add('ann', 'den');
    directory.add('ann', 'lunch');
    const ann = await connect('ann');
    directory.remove('ann', 'den');
    channel.recheck();
    await pass();
    expect(ended).toEqual([{ userId: 'ann', roomId: 'den' }]);
    directory.remove('ann', 'lunch');
    directory.add('ann', 'music', 1);
    reportGap();
    await pass();
    expect(ended).toContainEqual({ userId: 'ann', roomId: 'lunch' });
    feed.publish([head('den', 1), head('lunch', 1), head('music', 2)]);
    await pass();
    expect(ann.heads).toEqual([['music', 2, 1]]);
  });

  it('rechecks an eighth of the users at a time, beginning with those loaded least recently', async () => {
    const users = Array.from({ length: 16 }, (_, index) => `user-${index}`);
    for (const userId of users) await connect(userId);
    directory.calls.length = 0;
    for (let round = 0; round < 8; round += 1) {
      channel.recheck();
      await pass(0);
    }
    expect(directory.calls.flat()).toEqual(users);
    expect(directory.calls).toHaveLength(8);
  });

  it('keeps only the latest head per room for a socket that is not ready to write', async () => {
    directory.add('ann', 'den');
    directory.add('ann', 'lunch');
    const slow = await connect('ann');
    slow.conn.transport.writable = false;
    for (let seq = 1; seq <= 20; seq += 1) {
      feed.publish([head('den', seq)]);
      await pass();
    }
    feed.publish([head('lunch', 1)]);
    feed.publish([head('den', 3)]);
    await pass();
    expect(slow.events).toEqual([]);
    slow.conn.transport.writable = true;
    await pass();
    expect(slow.heads).toEqual([
      ['den', 20, 20],
      ['lunch', 1, 1],
    ]);
  });

  it('sends at most 50 heads in one event', async () => {
    const rooms = Array.from({ length: 120 }, (_, index) => `room-${index}`);
    for (const roomId of rooms) directory.add('ann', roomId);
    const ann = await connect('ann');
    feed.publish(rooms.map((roomId) => head(roomId, 1)));
    await pass(3 * SOON);
    expect(ann.events.map((heads) => heads.length)).toEqual([50, 50, 20]);
    expect(new Set(ann.heads.map(([roomId]) => roomId))).toEqual(new Set(rooms));
  });

  it('writes one event per round to each of 10,000 sockets, and yields between slices', async () => {
    const users = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
    directory.hold();
    for (const userId of users) directory.add(userId, 'den');
    const sockets = await Promise.all(users.map(connect));
    directory.positionsOf = (userIds) =>
      Promise.resolve({
        positions: userIds.map((userId) => ({ userId, roomId: 'den', lastReadSeq: 0 })),
        complete: true,
      });
    directory.release();
    await pass();
    jest.useRealTimers();
    let turns = 0;
    const count = setInterval(() => (turns += 1), 0);
    feed.publish([head('den', 1)]);
    feed.publish([head('den', 2)]);
    while (sockets.some(({ events }) => events.length === 0)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    clearInterval(count);
    jest.useFakeTimers();
    expect(sockets.filter(({ heads }) => heads[0]?.[1] !== 2)).toEqual([]);
    expect(turns).toBeGreaterThan(3);
  });
});
