import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Room, ServerEvent } from '@chat/contracts';
import { InMemorySignals } from '@chat/platform/signals';
import { ROOM_DELETED, ROOM_UPDATED } from '@chat/rooms/signals';
import { Logger } from '@nestjs/common';
import type { ChatServer, ChatSocket } from '../chat-socket.ts';
import { ConnectedSockets } from '../connections/connected-sockets.ts';
import { RoomFanOut } from '../fan-out/room-fan-out.ts';
import { InMemoryHeads } from '../in-memory-heads.ts';
import type { RoomDirectory } from '../room-directory.ts';
import { SignalListener } from '../signals/signal-listener.ts';
import { SocketRechecks } from '../signals/socket-rechecks.ts';
import { HeadFanOut } from '../user-channel/head-fan-out.ts';
import { UserChannel } from '../user-channel/user-channel.ts';
import { UserRoomsLoader } from '../user-channel/user-rooms-loader.ts';
import { UserRooms } from '../user-channel/user-rooms.ts';
import type { JoinRoom } from './join-room.ts';
import { MembershipChanges } from './membership-changes.ts';
import { Memberships } from './memberships.ts';
import type { RoomStreams } from './room-streams.ts';
import { RoomUpdates } from './room-updates.ts';

const DEN: Room = {
  id: 'den',
  name: 'den',
  visibility: 'public',
  createdAt: '2026-01-01T00:00:00.000Z',
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A socket that records the names of the events written to it, and the topics of rooms. */
class TestSocket {
  readonly events: string[] = [];
  readonly data: object;
  readonly conn = Object.assign(new EventEmitter(), {
    write: (text: string) => {
      const [event, { topic = '' }] = JSON.parse(text.slice(1)) as [ServerEvent, Partial<Room>];
      this.events.push(topic === '' ? event : `${event}: ${topic}`);
    },
  });

  constructor(
    readonly id: string,
    userId: string,
  ) {
    this.data = { identity: { userId } };
  }

  get socket(): ChatSocket {
    return this as unknown as ChatSocket;
  }
}

describe('MembershipChanges', () => {
  /** The members of the room `den`. */
  let members: string[];
  let connected: Map<string, TestSocket[]>;
  /** How long the directory takes to return roles and positions. */
  let rolesMs: number;
  let positionsMs: number;
  let directoryIsDown: boolean;
  let directoryIsComplete: boolean;
  let fanOut: RoomFanOut;
  let channel: UserChannel;
  let signals: InMemorySignals;

  beforeEach(() => {
    Logger.overrideLogger(false);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    members = [];
    rolesMs = 0;
    positionsMs = 0;
    connected = new Map();
    directoryIsDown = false;
    directoryIsComplete = true;
    const directory: Pick<RoomDirectory, 'positionsOf' | 'rolesOf'> = {
      rolesOf: async (memberships) => {
        await wait(rolesMs);
        return memberships.map(({ userId }) => (members.includes(userId) ? 'member' : undefined));
      },
      positionsOf: async (userIds) => {
        await wait(positionsMs);
        if (directoryIsDown) throw new Error('the directory is unavailable');
        const positions = userIds
          .filter((userId) => members.includes(userId))
          .map((userId) => ({ userId, roomId: 'den', lastReadSeq: 0 }));
        return { positions, complete: directoryIsComplete };
      },
    };
    fanOut = new RoomFanOut();
    const sockets = new ConnectedSockets(fanOut);
    sockets.attach({ sockets: { adapter: { rooms: new Map() } } } as unknown as ChatServer);
    sockets.ofUser = (userId) => (connected.get(userId) ?? []).map(({ socket }) => socket);
    sockets.emitToUser = (userId, ...emitted) => {
      for (const { events } of connected.get(userId) ?? []) events.push(emitted[0]);
    };
    signals = new InMemorySignals();
    const listener = new SignalListener(signals);
    const rechecks = new SocketRechecks();
    rechecks.onModuleInit();
    const rooms = new UserRooms();
    channel = new UserChannel(
      new InMemoryHeads(),
      rooms,
      new UserRoomsLoader(directory as RoomDirectory, rooms),
      new HeadFanOut(rooms, fanOut),
      listener,
      rechecks,
    );
    channel.onModuleInit();
    const joins: Pick<JoinRoom, 'removeFromRoom'> = {
      removeFromRoom: (socket, roomId) => {
        const wasInRoom = fanOut.socketsIn(roomId).includes(socket);
        fanOut.leave(roomId, socket);
        return wasInRoom;
      },
    };
    new MembershipChanges(
      new Memberships(directory as RoomDirectory),
      joins as JoinRoom,
      { roomIds: () => ['den'] } as RoomStreams,
      channel,
      new RoomUpdates(sockets, channel),
      sockets,
      listener,
      rechecks,
    ).onModuleInit();
  });
  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  const pass = (ms = 0): Promise<void> => jest.advanceTimersByTimeAsync(ms);

  /** Connects a socket of a user; a member of the room unless told otherwise. */
  async function connect(userId: string, isMember = true): Promise<TestSocket> {
    if (isMember) members.push(userId);
    const known = connected.get(userId) ?? [];
    const socket = new TestSocket(`${userId}-${known.length + 1}`, userId);
    connected.set(userId, [...known, socket]);
    channel.connect(socket.socket);
    await pass(10);
    return socket;
  }

  it('emits a changed room once to every socket of its members, joined or not', async () => {
    const [joined, other] = [await connect('ann'), await connect('ann')];
    const [bob, stranger] = [await connect('bob'), await connect('eve', false)];
    fanOut.enter('den', joined.socket);
    signals.publish(ROOM_UPDATED, { room: { ...DEN, topic: 'travel' } });
    await pass(5_000);
    const expected = ['roomUpdated: travel'];
    expect([joined, other, bob].map(({ events }) => events)).toEqual([
      expected,
      expected,
      expected,
    ]);
    expect(stranger.events).toEqual([]);
  });

  it('emits a room that changes often at most once per second to sockets that are not in it', async () => {
    const ann = await connect('ann');
    for (let change = 1; change <= 40; change += 1) {
      signals.publish(ROOM_UPDATED, { room: { ...DEN, topic: `topic ${change}` } });
      await pass(50);
    }
    await pass(2_000);
    expect(ann.events.length).toBeLessThanOrEqual(3);
    expect(ann.events.at(-1)).toBe('roomUpdated: topic 40');
  });

  it('emits a change that waits to a socket that has joined the room in the meantime', async () => {
    const ann = await connect('ann');
    for (const topic of ['first', 'second']) {
      signals.publish(ROOM_UPDATED, { room: { ...DEN, topic } });
    }
    fanOut.enter('den', ann.socket);
    await pass(5_000);
    expect(ann.events).toEqual(['roomUpdated: first', 'roomUpdated: second']);
  });

  it.each([
    ['roles', 100, 200],
    ['positions', 200, 100],
  ])(
    'emits roomRemoved once after a lost signal when the recheck of %s is the first to end',
    async (_first, rolesTime, positionsTime) => {
      const ann = await connect('ann');
      fanOut.enter('den', ann.socket);
      members = [];
      rolesMs = rolesTime;
      positionsMs = positionsTime;
      await pass(20_000);
      expect(ann.events).toEqual(['roomRemoved']);
      expect(fanOut.socketsIn('den')).toEqual([]);
    },
  );

  it('emits a deletion once to every connected member, also to those in no signal', async () => {
    const users = await Promise.all(['ann', 'bob', 'cid'].map((userId) => connect(userId)));
    const joined = await connect('ann');
    fanOut.enter('den', joined.socket);
    signals.publish(ROOM_UPDATED, { room: { ...DEN, topic: 'the last one' } });
    signals.publish(ROOM_UPDATED, { room: { ...DEN, topic: 'too late' } });
    await pass(10);
    for (const { events } of [...users, joined]) events.length = 0;
    signals.publish(ROOM_DELETED, { roomId: 'den', userIds: ['ann'] });
    signals.publish(ROOM_DELETED, { roomId: 'den', userIds: ['bob'] });
    await pass(5_000);
    for (const { events } of [...users, joined]) expect(events).toEqual(['roomRemoved']);
  });

  it('emits a deletion to the members in the signal whose rooms are not loaded yet', async () => {
    directoryIsDown = true;
    const [ann, bob] = [await connect('ann'), await connect('bob')];
    signals.publish(ROOM_DELETED, { roomId: 'den', userIds: ['ann'] });
    await pass(10);
    expect([ann.events, bob.events]).toEqual([['roomRemoved'], []]);
  });

  it('emits a deletion to members in the signal with more rooms than the directory returns', async () => {
    directoryIsComplete = false;
    const ann = await connect('ann', false);
    signals.publish(ROOM_DELETED, { roomId: 'den', userIds: ['ann'] });
    await pass(10);
    expect(ann.events).toEqual(['roomRemoved']);
  });
});
