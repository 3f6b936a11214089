import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@chat/testing';
import type {
  ChangeRequest,
  ConnectionLog,
  NonMemberLog,
  ReadPositionLog,
  RoomHistory,
  Send,
  View,
} from '../check/observation.ts';
import { differences } from '../check/invariants.ts';
import type { TestUser } from './test-user.ts';
import { LibraryClient } from './library-user.ts';
import { NonMember } from './non-member.ts';
import { PlainClient } from './plain-client.ts';
import { PositionMarker } from './position-marker.ts';
import { readPositionsOf, type UserDevices } from './position-probe.ts';
import { RoomSender } from './room-sender.ts';
import { disruptionsOf, type Traffic } from './smoothness.ts';
import type { TestUsers } from './test-users.ts';

const PUBLIC_ROOMS = 3;
/** Each writer sends about ten messages a second, spread over its rooms. */
const PAUSE_MS = 300;
const PIPELINED_PAUSE_MS = 500;
const PIPELINED = 5;
const LIBRARY_PAUSE_MS = 500;
const LIBRARY_MARK_MS = 1_000;
/** Of each kind of user, so many of the first ones have a second device. */
const WITH_SECOND_DEVICE = 2;
/** Time limit for the joins, including retries: on a busy machine the first ones time out. */
const READY_WITHIN_MS = 60_000;
/** Time limit for reads from the store after a run that did not converge. */
const READABLE_WITHIN_MS = 30_000;
/** Revs that `joinRoom` returns after convergence; they fit into one acknowledgement. */
const JOINED_CHANGES = 50;
const CONVERGENCE_CHECK_MS = 100;
const SMOOTHNESS_CHECK_MS = 50;

/** Records of all clients of a run. */
export interface LoadRecords {
  readonly sends: readonly Send[];
  readonly changes: readonly ChangeRequest[];
  readonly connections: readonly ConnectionLog[];
  readonly views: readonly View[];
  readonly rooms: readonly RoomHistory[];
  readonly nonMember: NonMemberLog;
  readonly readPositions: ReadPositionLog;
  /** When every client had converged with the store; undefined after a timeout. */
  readonly convergedAt: number | undefined;
  /** Clients and requests that were not settled by then. */
  readonly unsettled: readonly string[];
}

/** How long the load must run smoothly. Times are in milliseconds. */
export interface SmoothRun {
  /** Start of the measurement, since the epoch. */
  readonly startedAt: number;
  readonly forMs: number;
  readonly withinMs: number;
}

/** Load for a run in dedicated rooms: writers, listeners, library clients and a non-member. */
export class Load {
  readonly #reader: TestUser;
  readonly #roomIds: readonly string[];
  readonly #plain: readonly PlainClient[];
  readonly #library: readonly LibraryClient[];
  readonly #nonMember: NonMember;
  readonly #senders: readonly RoomSender[];
  readonly #secondDevices: readonly PlainClient[];
  readonly #users: readonly UserDevices[];
  readonly #markers: readonly PositionMarker[];
  #running: readonly Promise<void>[] = [];

  private constructor(
    users: TestUsers,
    reader: TestUser,
    publicRooms: string[],
    privateRoom: string,
  ) {
    this.#reader = reader;
    this.#roomIds = [...publicRooms, privateRoom];
    const members = membersOf(users);
    const roomsOf = (id: string) => (members.has(id) ? this.#roomIds : publicRooms);
    const writers = users.writers.map(
      (user, index) =>
        new PlainClient({
          name: `writer-${index + 1}`,
          user,
          roomIds: roomsOf(user.id),
          transport: index === 1 ? 'polling' : 'websocket',
        }),
    );
    const listeners = users.listeners.map(
      (user, index) =>
        new PlainClient({
          name: `listener-${index + 1}`,
          user,
          roomIds: roomsOf(user.id),
          transport: 'websocket',
        }),
    );
    this.#plain = [...writers, ...listeners];
    this.#library = users.clientLibraryUsers.map(
      (user, index) => new LibraryClient(user, `library-${index + 1}`, roomsOf(user.id)),
    );
    this.#nonMember = new NonMember(
      users.nonMember,
      publicRooms[0] ?? '',
      privateRoom,
      () => this.#plain[0]?.newestMessages(privateRoom, 1)[0]?.id,
    );
    this.#senders = writers.flatMap((client, index) => sendersOf(client, index));
    const { clientLibraryUsers } = users;
    const plainUsers = [
      ...withSecondDevices(users.writers, writers),
      ...withSecondDevices(users.listeners, listeners),
    ];
    const libraryUsers = clientLibraryUsers.map(({ plain: user }, index): UserDevices => {
      const library = this.#library[index];
      const plain = index < WITH_SECOND_DEVICE ? [secondDevice(`library-${index + 1}`, user)] : [];
      return { user, roomIds: roomsOf(user.id), library, plain };
    });
    this.#users = [...plainUsers, ...libraryUsers];
    const devices = this.#users.flatMap(({ plain }) => plain);
    this.#secondDevices = devices.filter((device) => !this.#plain.includes(device));
    this.#markers = plainUsers.flatMap(({ plain }) => {
      const [reader] = plain;
      return reader ? [new PositionMarker({ name: reader.name, reader, devices: plain })] : [];
    });
  }

  /** Creates the rooms and connects all clients; resolves once they have joined. */
  static async prepare(users: TestUsers): Promise<Load> {
    const [reader] = users.writers;
    if (!reader) throw new Error('no writer to create the rooms');
    const run = randomBytes(4).toString('hex');
    const privateRoom = await reader.createPrivateRoom(`private ${run}`);
    for (const id of membersOf(users)) {
      if (id !== reader.id) await reader.addMember(privateRoom, id);
    }
    const publicRooms = Array.from({ length: PUBLIC_ROOMS }, (_, n) => `faults-${run}-${n + 1}`);
    const load = new Load(users, reader, publicRooms, privateRoom);
    try {
      await Promise.all([
        eventually(() => {
          const clients = [...load.#plain, ...load.#secondDevices];
          if (!clients.every(({ joined }) => joined)) throw new Error('a client did not join');
        }, READY_WITHIN_MS),
        ...load.#library.map((client) => client.open()),
      ]);
    } catch (error) {
      load.close();
      throw error;
    }
    return load;
  }

  start(): void {
    this.#running = [
      ...[...this.#senders, ...this.#markers].map((sender) => sender.run()),
      this.#nonMember.run(),
    ];
    for (const client of this.#library) {
      client.startSending(LIBRARY_PAUSE_MS);
      client.startMarking(LIBRARY_MARK_MS);
    }
  }

  /** Ids of the sessions that are connected now, `<instance>.<random>`. */
  get sessionIds(): string[] {
    return this.#plain.flatMap(({ sessionId }) => (sessionId === undefined ? [] : [sessionId]));
  }

  /**
   * Waits until the load has run smoothly (see {@link disruptionsOf}) for `forMs`, all of it after
   * `startedAt`, and the rooms of the client library are up to date at the end.
   *
   * @param withinMs maximum time after `startedAt`
   * @returns what did not run smoothly when the time was over; empty if all did in time
   */
  async untilSmooth({ startedAt, forMs, withinMs }: SmoothRun): Promise<readonly string[]> {
    let disruptions: readonly string[] = ['no time to run'];
    while (Date.now() <= startedAt + withinMs) {
      const since = Date.now() - forMs;
      if (since >= startedAt) {
        disruptions = [
          ...this.#library.flatMap((client) => client.roomsBehind()),
          ...disruptionsOf(this.#traffic(), since),
        ];
        if (disruptions.length === 0) break;
      }
      await delay(SMOOTHNESS_CHECK_MS);
    }
    return disruptions;
  }

  /**
   * Stops the senders, waits until all clients have converged with the store, and returns the
   * records.
   *
   * @param deadline time limit for convergence, since the epoch
   */
  async finish(deadline: number): Promise<LoadRecords> {
    for (const sender of [...this.#senders, ...this.#markers]) sender.stop();
    for (const client of this.#library) client.stop();
    this.#nonMember.stop();
    let convergedAt: number | undefined;
    let rooms: readonly RoomHistory[] = [];
    let unsettled: readonly string[] = [];
    while (convergedAt === undefined && Date.now() < deadline) {
      unsettled = [...this.#senders, ...this.#markers, ...this.#library].flatMap((sender) =>
        sender.unsettled(),
      );
      if (unsettled.length === 0) {
        try {
          rooms = await this.#histories();
          unsettled = [...differences(this.#views(), rooms)];
          const now = Date.now();
          if (now > deadline) unsettled = [...unsettled, 'the store responded too late'];
          if (unsettled.length === 0) convergedAt = now;
        } catch (error) {
          unsettled = [(error as Error).message];
        }
      }
      if (convergedAt === undefined) await delay(CONVERGENCE_CHECK_MS);
    }
    // If the rooms were not read, there is nothing to check.
    if (convergedAt === undefined) {
      await eventually(async () => (rooms = await this.#histories()), READABLE_WITHIN_MS);
    }
    await Promise.all(this.#running);
    const views = this.#views();
    const connections = this.#plain.flatMap((client) => client.logs());
    const readPositions = await this.#readPositions();
    return {
      sends: [...this.#senders, ...this.#library].flatMap(({ sends }) => sends),
      changes: [...this.#senders, ...this.#library].flatMap(({ changes }) => changes),
      connections,
      views,
      rooms,
      nonMember: this.#nonMember.log(),
      readPositions,
      convergedAt,
      unsettled,
    };
  }

  close(): void {
    for (const sender of [...this.#senders, ...this.#markers]) sender.stop();
    const clients = [...this.#plain, ...this.#secondDevices, ...this.#library, this.#nonMember];
    for (const client of clients) client.close();
  }

  #traffic(): Traffic {
    return {
      senders: this.#senders.map(({ name, sends, changes }) => ({
        name,
        requests: [...sends, ...changes],
      })),
      receivers: this.#plain.flatMap((client) =>
        client.roomIds.map((roomId) => ({
          name: `${client.name} in ${roomId}`,
          received: client.currentEvents(roomId),
        })),
      ),
    };
  }

  #views(): View[] {
    return [...this.#plain, ...this.#library].flatMap((client) => client.views());
  }

  async #readPositions(): Promise<ReadPositionLog> {
    const requests = [
      ...this.#markers.flatMap((marker) => marker.requests),
      ...this.#library.flatMap(({ positionRequests }) => positionRequests),
    ];
    const events = [...this.#plain, ...this.#secondDevices].flatMap(({ positionEvents }) => [
      ...positionEvents,
    ]);
    const positions = await readPositionsOf(this.#users);
    return { requests, events, nonMemberEvents: this.#nonMember.positionEvents, ...positions };
  }

  async #histories(): Promise<RoomHistory[]> {
    return Promise.all(this.#roomIds.map((roomId) => this.#historyOf(roomId)));
  }

  async #historyOf(roomId: string): Promise<RoomHistory> {
    const messages = await this.#reader.history(roomId);
    const { rev, changes } = await this.#reader.changes(roomId);
    const since = Math.max(0, rev - JOINED_CHANGES);
    // The first client belongs to the reader, a member of every room.
    const ack = await this.#plain[0]?.request('joinRoom', { roomId, since });
    if (!ack?.ok || !ack.changes) throw new Error(`the join of ${roomId} returned no changes`);
    return { roomId, rev, messages, changes, joined: { since, changes: ack.changes } };
  }
}

/** Members of the private room: half of the writers, one listener and one client library user. */
function membersOf({ writers, listeners, clientLibraryUsers }: TestUsers): ReadonlySet<string> {
  return new Set([
    ...writers.slice(0, writers.length / 2).map(({ id }) => id),
    ...listeners.slice(0, 1).map(({ id }) => id),
    ...clientLibraryUsers.slice(0, 1).map(({ id }) => id),
  ]);
}

function withSecondDevices(
  users: readonly TestUser[],
  clients: readonly PlainClient[],
): UserDevices[] {
  return clients.flatMap((client, index) => {
    const user = users[index];
    if (!user) return [];
    const second = index < WITH_SECOND_DEVICE ? [secondDevice(client.name, user)] : [];
    return [{ user, roomIds: client.roomIds, library: undefined, plain: [client, ...second] }];
  });
}

/** Returns a client that joins no room: it receives only events of the user channel. */
function secondDevice(name: string, user: TestUser): PlainClient {
  return new PlainClient({ name: `${name}-second`, user, roomIds: [], transport: 'websocket' });
}

function sendersOf(client: PlainClient, index: number): RoomSender[] {
  const last = client.roomIds.at(-1);
  return client.roomIds.map((roomId, room) => {
    const pipelined = index === 0 && roomId === last;
    return new RoomSender({
      client,
      roomId,
      name: `w${index + 1}-r${room + 1}`,
      inFlight: pipelined ? PIPELINED : 1,
      pauseMs: pipelined ? PIPELINED_PAUSE_MS : PAUSE_MS,
    });
  });
}
