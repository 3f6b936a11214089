import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JoinRoomResult, Message } from '@chat/contracts';
import type { StoredChanges, StoredMessage } from '@chat/messages';
import { InMemoryRateLimiter, ReadBudget } from '@chat/platform/limits';
import { Metrics, Refusals } from '@chat/platform/monitoring';
import { Logger } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { ConnectionRefusals } from '../connections/connection-refusals.ts';
import { ConnectedSockets } from '../connections/connected-sockets.ts';
import type { RoomDirectory } from '../room-directory.ts';
import { SlowSockets } from '../connections/slow-sockets.ts';
import { JoinRoom } from './join-room.ts';
import { Memberships } from './memberships.ts';
import { RoomFanOut } from '../fan-out/room-fan-out.ts';
import type { RoomStream } from './room-stream.ts';
import type { RoomStreams } from './room-streams.ts';

const READS_PER_USER = 2;
const BUDGET = 100_000_000;

/** A fake Engine.IO transport; `writable` is true when all packets have left the process. */
class Transport extends EventEmitter {
  writable = true;
}
class Connection extends EventEmitter {
  readyState = 'open';
  readonly writeBuffer: unknown[] = [];
  readonly transport = new Transport();
  readonly written: unknown[] = [];
  closed = false;
  close(): void {
    this.closed = true;
  }
  write(text: string): void {
    this.written.push(JSON.parse(text.slice(1)));
  }
}

describe('JoinRoom', () => {
  let memberships: Memberships;
  let opened: PromiseWithResolvers<RoomStream>;
  let directoryCalls: number;
  let reads: PromiseWithResolvers<StoredChanges>[];
  let results: JoinRoomResult[];
  let fanOut: RoomFanOut;
  let inRoom: () => boolean;
  let joins: JoinRoom;
  let conn: Connection;
  let budget: ReadBudget;
  let socket: { connected: boolean; conn: Connection; data: object };
  let join: (since?: number) => Promise<void>;
  let leave: () => void;

  beforeEach(() => {
    Logger.overrideLogger(false);
    const head = { roomId: 'den', seq: 0, rev: 0 };
    directoryCalls = 0;
    reads = [];
    const directory: Pick<RoomDirectory, 'join' | 'changes'> = {
      join: () => {
        directoryCalls += 1;
        return Promise.resolve({ role: 'member', head });
      },
      changes: () => {
        const read = Promise.withResolvers<StoredChanges>();
        reads.push(read);
        return read.promise;
      },
    };
    memberships = new Memberships(directory as RoomDirectory);
    opened = Promise.withResolvers();
    const streams: Pick<RoomStreams, 'acquire' | 'release'> = {
      acquire: () => opened.promise,
      release: () => undefined,
    };
    fanOut = new RoomFanOut();
    inRoom = () => fanOut.socketsIn('den').length > 0;
    const metrics = new Metrics();
    const refusals = new Refusals(metrics);
    budget = new ReadBudget(
      {
        perUser: READS_PER_USER,
        concurrent: 10,
        bytes: BUDGET,
        userBytesPerSecond: BUDGET,
      },
      refusals,
      metrics,
    );
    joins = new JoinRoom(
      memberships,
      directory as RoomDirectory,
      streams as RoomStreams,
      new ConnectedSockets(fanOut),
      new InMemoryRateLimiter(),
      budget,
      new SlowSockets(new ConnectionRefusals(metrics)),
      refusals,
    );
    conn = new Connection();
    socket = { connected: true, conn, data: { identity: { userId: 'ann' } } };
    const joining = socket as unknown as ChatSocket;
    results = [];
    leave = () => joins.leave(joining, 'den');
    join = (since) =>
      joins.join(joining, { roomId: 'den', ...(since !== undefined && { since }) }, (result) =>
        results.push(result),
      );
  });

  const turn = () => new Promise(setImmediate);
  const message = (rev: number, text = 'hello'): Message => ({
    id: `m${rev}`,
    roomId: 'den',
    seq: rev,
    rev,
    userId: 'bob',
    username: 'bob',
    text,
    timestamp: '2026-01-01T00:00:00.000Z',
  });

  /** @param rev the head of the room, whose changes are not in memory */
  const open = (rev = 0): void => {
    const stream: Partial<RoomStream> = {
      position: { roomId: 'den', seq: rev, rev },
      catchUpTo: () => Promise.resolve(),
      changesAfter: (after) => (after === rev ? [] : undefined),
    };
    opened.resolve(stream as RoomStream);
  };
  const resolveRead = (index: number, rev: number, text?: string): void =>
    reads[index]?.resolve({ rev, complete: true, changes: [message(rev, text)] });

  it('succeeds when the membership is evicted from the cache during the join', async () => {
    const joining = join();
    await turn();
    for (let index = 0; index < 100_000; index += 1) {
      memberships.applySignal('bob', `${index}`, 'member');
    }
    open();
    await joining;
    expect(results).toEqual([{ roomId: 'den', seq: 0, rev: 0, role: 'member' }]);
  });

  it('rejects with NOT_FOUND when the user is removed during the join', async () => {
    const joining = join();
    await turn();
    memberships.applySignal('ann', 'den', undefined);
    open();
    await expect(joining).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(results).toEqual([]);
  });

  it('does not add a socket to the room when the socket leaves during the join', async () => {
    const joining = join();
    await turn();
    leave();
    open();
    await joining;
    expect(results).toHaveLength(1);
    expect(inRoom()).toBe(false);
  });

  it('adds a socket that joins again after leaving during an earlier join', async () => {
    const first = join();
    leave();
    const second = join();
    open();
    await Promise.all([first, second]);
    expect(results).toHaveLength(2);
    expect(inRoom()).toBe(true);
    leave();
    expect(inRoom()).toBe(false);
  });

  it('rejects joins beyond the rate limit of a user with RATE_LIMITED', async () => {
    open();
    const outcomes = await Promise.allSettled(Array.from({ length: 600 }, () => join()));
    const rejections = outcomes.filter(({ status }) => status === 'rejected');
    expect(rejections[0]).toMatchObject({ reason: { code: 'RATE_LIMITED' } });
    expect(results.length).toBeGreaterThanOrEqual(500);
    expect(results).toHaveLength(600 - rejections.length);
  });

  it('makes no directory call for a socket that has disconnected', async () => {
    socket.connected = false;
    await join();
    expect(directoryCalls).toBe(0);
  });

  it('returns the changes since the given rev', async () => {
    open(7);
    const joining = join(6);
    await turn();
    resolveRead(0, 7);
    await joining;
    expect(results).toMatchObject([{ rev: 7, complete: true, changes: [{ rev: 7 }] }]);
  });

  it('returns the latest states of changed messages, with the reactions of the caller marked', async () => {
    const reactions = [
      { emoji: '👍', userIds: ['bob', 'ann'] },
      { emoji: '🎉', userIds: ['bob'] },
    ];
    const states: StoredMessage[] = [
      { ...message(5), text: '', deletedAt: message(5).timestamp },
      { ...message(1), rev: 6, reactions },
    ];
    const later = { ...message(1), rev: 7, text: 'edited', reactions };
    const stream: Partial<RoomStream> = {
      position: { roomId: 'den', seq: 5, rev: 7 },
      catchUpTo: () => Promise.resolve(),
      changesAfter: (after) => (after === 6 ? [later] : undefined),
    };
    opened.resolve(stream as RoomStream);
    const joining = join(3);
    await turn();
    reads[0]?.resolve({ rev: 6, complete: true, changes: states });
    await joining;
    expect(results).toEqual([
      {
        roomId: 'den',
        seq: 5,
        rev: 7,
        role: 'member',
        complete: true,
        changes: [
          states[0],
          {
            ...later,
            reactions: [
              { emoji: '👍', count: 2, userIds: ['bob', 'ann'], mine: true },
              { emoji: '🎉', count: 1, userIds: ['bob'], mine: false },
            ],
          },
        ],
      },
    ]);
  });

  it('returns complete: false without a read when 1,000 changes were missed', async () => {
    open(1_000);
    await join(0);
    expect(results).toMatchObject([{ rev: 1_000, complete: false }]);
    expect(reads).toHaveLength(0);
  });

  it('stops reading pages of missed changes when they no longer fit into the acknowledgement', async () => {
    open(90);
    const joining = join(0);
    const page = (index: number, text: string): void => {
      const changes = Array.from({ length: 25 }, (_, n) => message(25 * index + n + 1, text));
      reads[index]?.resolve({ rev: 25 * (index + 1), complete: false, changes });
    };
    await turn();
    page(0, 'short');
    await turn();
    page(1, 'long'.repeat(1_000));
    await turn();
    page(2, 'long'.repeat(2_000));
    await joining;
    expect(reads).toHaveLength(3);
    expect(results).toMatchObject([{ rev: 90, complete: false }]);
  });

  it('returns complete: false without the changes when they exceed 256 KiB', async () => {
    open(7);
    const joining = join(6);
    await turn();
    resolveRead(0, 7, 'ß'.repeat(150_000));
    await joining;
    expect(results).toEqual([{ roomId: 'den', seq: 7, rev: 7, role: 'member', complete: false }]);
  });

  it('returns complete: false without the changes when their reactions exceed 256 KiB', async () => {
    open(20);
    const joining = join(0);
    const userIds = Array.from({ length: 30 }, (_, n) => `user-${n}`.padEnd(22, '0'));
    const reactions = Array.from({ length: 50 }, (_, n) => ({ emoji: `emoji-${n}`, userIds }));
    const changes = Array.from({ length: 20 }, (_, n) => ({ ...message(n + 1), reactions }));
    await turn();
    reads[0]?.resolve({ rev: 20, complete: true, changes });
    await joining;
    expect(results).toEqual([{ roomId: 'den', seq: 20, rev: 20, role: 'member', complete: false }]);
  });

  it('delays reads beyond the limit per user until earlier acknowledgements have left', async () => {
    open(7);
    conn.transport.writable = false;
    const all = Promise.all([join(6), join(6), join(6)]);
    await turn();
    expect(reads).toHaveLength(READS_PER_USER);
    resolveRead(0, 7);
    resolveRead(1, 7);
    await turn();
    expect(results).toHaveLength(2);
    expect(reads).toHaveLength(READS_PER_USER);
    conn.transport.emit('drain');
    await turn();
    expect(reads).toHaveLength(3);
    resolveRead(2, 7);
    await all;
  });

  it('closes a connection that does not read its acknowledgement when another read needs its share of the budget', async () => {
    open(7);
    conn.transport.writable = false;
    const joining = join(6);
    await turn();
    resolveRead(0, 7);
    await joining;
    const slot = await budget.acquire('bob', BUDGET, new AbortController().signal);
    expect(slot).toBeDefined();
    expect(conn.closed).toBe(true);
  });

  it('neither reads nor acknowledges for a socket that disconnects while its join waits', async () => {
    open(7);
    const all = Promise.all([join(6), join(6), join(6)]);
    await turn();
    joins.leaveAll(socket as unknown as ChatSocket);
    socket.connected = false;
    resolveRead(0, 7);
    resolveRead(1, 7);
    await all;
    expect(reads).toHaveLength(READS_PER_USER);
    expect(results).toHaveLength(0);
  });

  it('acknowledges the join of a socket already in the room after the changes sent before it', async () => {
    open(7);
    await join();
    const events = [message(8), message(9)].map((payload) => ({
      name: 'receiveMessage' as const,
      payload,
    }));
    fanOut.sendChanges('den', events, () => undefined);
    const beforeAck = new Promise<unknown[]>((resolve) => {
      void joins.join(socket as unknown as ChatSocket, { roomId: 'den' }, () => {
        resolve([...conn.written]);
      });
    });
    expect(await beforeAck).toEqual([
      ['receiveMessage', message(8)],
      ['receiveMessage', message(9)],
    ]);
    await fanOut.whenIdle();
    expect(conn.written).toHaveLength(2);
  });
});
