import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { Message, Room, ServerPayload } from '@chat/contracts';
import { SESSION_ENDED } from '@chat/auth';
import type { SignalOf } from '@chat/platform/signals';
import { MEMBER_CHANGED, READ_POSITIONS_MOVED, ROOM_UPDATED } from '@chat/rooms/signals';
import { eventually, RedisServer } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io-client';
import { startChat, type ChatInstance } from '../test/chat-instance.ts';
import { SharedRooms } from '../test/shared-rooms.ts';
import { connectRedis, connectSubscribingRedis } from './connections/redis-connection.ts';
import { RedisFeedPublisher } from './feed/redis-feed-publisher.ts';
import { RedisHeadPublisher } from './feed/redis-head-publisher.ts';
import { RedisSignals } from './signals/redis-signals.ts';

Logger.overrideLogger(false);

const DEN: Room = {
  id: 'den',
  name: 'den',
  visibility: 'public',
  createdAt: '2026-01-01T00:00:00.000Z',
};

describeWithProgram('redis-server', 'processes that share Redis', () => {
  let redis: RedisServer;
  let rooms: SharedRooms;
  let chats: readonly [ChatInstance, ChatInstance];
  let commands: Redis;
  let ann: Socket;
  let bob: Socket;
  /** Signals that the service receives. */
  let received: SignalOf<typeof SESSION_ENDED | typeof ROOM_UPDATED>[];
  let signals: RedisSignals;
  let connections: Redis[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    commands = connectRedis(redis.url, 'messages');
    const subscriptions = connectSubscribingRedis(redis.url, 'messages');
    connections = [commands, subscriptions];
    const feed = new RedisFeedPublisher(commands);
    rooms = new SharedRooms((roomId, changes) => feed.publish(roomId, changes));
    rooms.members.add('ann').add('bob');
    chats = [await startChat(redis.url, rooms), await startChat(redis.url, rooms)];
    signals = new RedisSignals(commands, subscriptions);
    signals.attach(new Server());
    received = [];
    signals.on(SESSION_ENDED, (signal) => received.push(signal));
    signals.on(ROOM_UPDATED, (signal) => received.push(signal));
    await waitForSubscribers(3);
    [ann, bob] = [await chats[0].connect('ann'), await chats[1].connect('bob')];
    for (const socket of [ann, bob]) {
      expect(await socket.emitWithAck('joinRoom', { roomId: 'den' })).toMatchObject({ ok: true });
    }
  });

  afterEach(async () => {
    for (const socket of [ann, bob]) socket.disconnect();
    for (const chat of chats) await chat.close();
    for (const connection of connections) connection.disconnect();
    await redis.close();
  });

  /** Waits until this number of processes has subscribed. */
  async function waitForSubscribers(processes: number): Promise<void> {
    await eventually(async () => {
      const [, listening] = await commands.pubsub('NUMSUB', 'socket.io-request#/#');
      expect(listening).toBe(processes);
    });
  }

  /**
   * Returns the payload of the event. A signal triggers it immediately; the periodic recheck of
   * memberships would take longer than this timeout.
   */
  function nextEvent(socket: Socket, event: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${event} in time`)), 4_000);
      socket.once(event, (payload: unknown) => {
        clearTimeout(timer);
        resolve(payload);
      });
    });
  }

  function collectMessages(socket: Socket): Message[] {
    const messages: Message[] = [];
    socket.on('receiveMessage', (message: Message) => messages.push(message));
    return messages;
  }

  it('deliver messages once and in the same order to the sockets of every chat instance', async () => {
    const [annSees, bobSees] = [collectMessages(ann), collectMessages(bob)];
    await ann.emitWithAck('sendMessage', { roomId: 'den', text: 'hello' });
    await bob.emitWithAck('sendMessage', { roomId: 'den', text: 'hi' });
    await eventually(() => expect([annSees.length, bobSees.length]).toEqual([2, 2]));
    expect(annSees).toEqual(bobSees);
  });

  it('deliver a message stored during a Redis outage within 4.5 s of its restart', async () => {
    const [annSees, bobSees] = [collectMessages(ann), collectMessages(bob)];
    await redis.process.kill();
    await ann.emitWithAck('sendMessage', { roomId: 'den', text: 'hello' });
    expect([annSees, bobSees]).toEqual([[], []]);
    await redis.process.start();
    await eventually(() => expect([annSees.length, bobSees.length]).toEqual([1, 1]), 4_500);
    expect(ann.connected && bob.connected).toBe(true);
  });

  it('unsubscribe a removed member from the room, regardless of which chat instance has the socket', async () => {
    const bobSees = collectMessages(bob);
    const removed = nextEvent(bob, 'roomRemoved');
    const annReceives = nextEvent(ann, 'memberChanged');
    rooms.members.delete('bob');
    signals.publish(MEMBER_CHANGED, { room: DEN, userId: 'bob', role: null });
    await removed;
    expect(await annReceives).toEqual({ roomId: 'den', userId: 'bob', role: null });
    const annSees = collectMessages(ann);
    await ann.emitWithAck('sendMessage', { roomId: 'den', text: 'bob was removed' });
    await eventually(() => expect(annSees).toHaveLength(1));
    expect(bobSees).toEqual([]);
  });

  it('send the head of a room to the sockets of its members that have not joined it', async () => {
    const sockets = [await chats[0].connect('ann'), await chats[1].connect('bob')];
    const stranger = await chats[1].connect('eve');
    const unexpected: unknown[] = [];
    for (const socket of [ann, bob, stranger]) {
      socket.on('roomHeads', (heads: ServerPayload<'roomHeads'>) => {
        unexpected.push(...heads.filter(({ unread }) => unread !== undefined));
      });
    }
    const heads = sockets.map((socket) => nextEvent(socket, 'roomHeads'));
    await ann.emitWithAck('sendMessage', { roomId: 'den', text: 'hello' });
    const [lastMessage] = rooms.stored;
    if (!lastMessage) throw new Error('the message was not stored');
    const head = { roomId: 'den', seq: 1, rev: 1, lastMessage };
    new RedisHeadPublisher(commands).publish([head]);
    // Sending marks the room as read.
    expect(await Promise.all(heads)).toEqual([[{ ...head, unread: 0 }], [{ ...head, unread: 1 }]]);
    expect(unexpected).toEqual([]);
    for (const socket of [...sockets, stranger]) socket.disconnect();
  });

  it('close the sockets of a session when another process publishes session-ended', async () => {
    const closed = nextEvent(bob, 'disconnect');
    signals.publish(SESSION_ENDED, { sessionId: 'bob' });
    await closed;
    expect(ann.connected).toBe(true);
    expect(received).toEqual([{ type: 'session-ended', sessionId: 'bob' }]);
  });

  it('emit a moved read position to the sockets of the user on every instance, except one', async () => {
    const others = [await chats[0].connect('bob'), await chats[1].connect('bob')];
    const received = others.map((socket) => nextEvent(socket, 'readPosition'));
    const unexpected: unknown[] = [];
    for (const socket of [ann, bob]) socket.on('readPosition', (event) => unexpected.push(event));
    const position = { roomId: 'den', lastReadSeq: 7, unread: 2 };
    const socketId = bob.id ?? '';
    signals.publish(READ_POSITIONS_MOVED, {
      positions: [{ ...position, userId: 'bob', socketId }],
    });
    expect(await Promise.all(received)).toEqual([position, position]);
    for (const socket of [ann, bob]) await socket.emitWithAck('leaveRoom', { roomId: 'den' });
    expect(unexpected).toEqual([]);
    for (const socket of others) socket.disconnect();
  });

  it('emit a position that a send has moved to every socket except the one that sent', async () => {
    const other = await chats[1].connect('bob');
    const received = nextEvent(other, 'readPosition');
    const unexpected: unknown[] = [];
    bob.on('readPosition', (event) => unexpected.push(event));
    const { id: messageId } = (await bob.emitWithAck('sendMessage', {
      roomId: 'den',
      text: 'hello',
    })) as { id: string };
    const position = { roomId: 'den', lastReadSeq: 1, unread: 0 };
    signals.publish(READ_POSITIONS_MOVED, {
      positions: [{ ...position, userId: 'bob', messageId }],
    });
    expect(await received).toEqual(position);
    await bob.emitWithAck('leaveRoom', { roomId: 'den' });
    expect(unexpected).toEqual([]);
    other.disconnect();
  });

  it('exchange signals again after Redis was killed, and deliver their own signals in the meantime', async () => {
    const subscriptions = connectSubscribingRedis(redis.url, 'users');
    connections.push(subscriptions);
    const users = new RedisSignals(commands, subscriptions);
    const usersReceived: SignalOf<typeof SESSION_ENDED>[] = [];
    users.on(SESSION_ENDED, (signal) => usersReceived.push(signal));
    await redis.process.kill();
    users.attach(new Server());
    const lost: SignalOf<typeof SESSION_ENDED> = { type: 'session-ended', sessionId: 's1' };
    users.publish(SESSION_ENDED, lost);
    expect(usersReceived).toEqual([lost]);
    await redis.process.start();
    const later: SignalOf<typeof SESSION_ENDED> = { type: 'session-ended', sessionId: 's2' };
    await waitForSubscribers(4);
    users.publish(SESSION_ENDED, later);
    await eventually(() => expect(received).toEqual([later]));
    signals.publish(SESSION_ENDED, later);
    await eventually(() => expect(usersReceived).toEqual([lost, later, later]));
  });

  it('ignore an invalid signal', async () => {
    const noise = { uid: 'x', type: 6, data: ['signal', { type: 'session-ended' }] };
    await commands.publish('socket.io-request#/#', JSON.stringify(noise));
    signals.publish(ROOM_UPDATED, { room: DEN });
    await nextEvent(bob, 'roomUpdated');
    expect(received).toEqual([{ type: 'room-updated', room: DEN }]);
  });

  it('send signals in the format that processes of earlier versions read', async () => {
    const subscriber = connectSubscribingRedis(redis.url, 'earlier version');
    connections.push(subscriber);
    const sent: unknown[] = [];
    subscriber.on('message', (_channel: string, text: string) => sent.push(JSON.parse(text)));
    await subscriber.subscribe('socket.io-request#/#');
    signals.publish(MEMBER_CHANGED, { room: DEN, userId: 'bob', role: null });
    await eventually(() => {
      expect(sent).toMatchObject([
        { data: ['signal', { type: 'member-changed', room: DEN, userId: 'bob', role: null }] },
      ]);
    });
  });

  it('ignore signals of a type that they do not listen to, and log no warning', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn');
    const later = { uid: 'x', type: 6, data: ['signal', { type: 'from-a-later-version' }] };
    await commands.publish('socket.io-request#/#', JSON.stringify(later));
    signals.publish(ROOM_UPDATED, { room: DEN });
    await nextEvent(bob, 'roomUpdated');
    expect(warned).not.toHaveBeenCalledWith('invalid signal ignored');
    warned.mockRestore();
  });
});
