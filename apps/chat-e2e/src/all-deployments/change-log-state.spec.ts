import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Ack, Changes, EarlierVersion, Message } from '@chat/contracts';
import { until } from '@chat/testing';
import { array, assert, asyncProperty, constantFrom, integer, nat, record } from 'fast-check';
import {
  ACTS,
  commandOf,
  type Act,
  type RoomCommand,
} from '../support/change-log/room-commands.ts';
import {
  commandKey,
  RoomModel,
  toModel,
  type ModelUser,
} from '../support/change-log/room-model.ts';
import { RoomObserver } from '../support/change-log/room-observer.ts';
import { withoutMine, type RoomState } from '../support/change-log/room-state.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import type { ClientSocket, TestUser } from '../support/test-user.ts';
import { uniqueRoom } from '../support/unique-room.ts';

/** Random runs of each test. More runs find more faults: `CHANGE_LOG_RUNS=1000`. */
const RUNS = Number(process.env['CHANGE_LOG_RUNS'] ?? 6);
/** Seed that repeats a failed run; a failure prints its seed. */
const SEED = process.env['CHANGE_LOG_SEED'];
const PARAMETERS = {
  numRuns: RUNS,
  ...(SEED !== undefined && { seed: Number(SEED) }),
  /** Shrinking stops after this time. */
  interruptAfterTimeLimit: 30_000 + RUNS * 1_000,
};
const TIMEOUT_MS = 2 * PARAMETERS.interruptAfterTimeLimit;

/** Rooms before new users are registered: within the rate limits of each user. */
const ROOMS_PER_USER = 25;

const ACTORS = ['owner', 'moderator', 'member', 'stranger'] as const;
type Actor = (typeof ACTORS)[number];

interface ObservedRoom {
  readonly roomId: string;
  readonly actors: Record<Actor, ModelUser & { readonly socket: ClientSocket }>;
  /** What each actor has seen. A stranger sees nothing, and shares the view of the owner. */
  readonly views: Record<Actor, RoomObserver>;
  /** All users who have joined, the owner first. */
  readonly observers: RoomObserver[];
}

/** Index of the earlier state of an observer that catches up, and the size of the pages. */
const CATCH_UPS = record({ from: nat(), limit: integer({ min: 1, max: 10 }) });
interface CatchUp {
  readonly from: number;
  readonly limit: number;
}

describeChat('the change log of a room', () => {
  let server: ChatUnderTest;
  let users: Record<Actor | 'late', TestUser>;
  let strangerSocket: ClientSocket;
  let opened = 0;
  beforeAll(async () => {
    server = await sharedChat();
  });
  afterAll(() => server.close());

  async function registerUsers(): Promise<void> {
    const [owner, moderator, member, stranger, late] = await Promise.all([
      server.register('owner'),
      server.register('moderator'),
      server.register('member'),
      server.register('stranger'),
      server.register('late'),
    ]);
    users = { owner, moderator, member, stranger, late };
    strangerSocket = await stranger.connect();
  }

  async function openRoom(): Promise<ObservedRoom> {
    if (opened % ROOMS_PER_USER === 0) await registerUsers();
    opened += 1;
    const { owner, moderator, member, stranger } = users;
    const room = await owner.createRoom({ name: uniqueRoom('log'), visibility: 'public' });
    const views = {
      owner: await RoomObserver.join(owner, room.id),
      moderator: await RoomObserver.join(moderator, room.id),
      member: await RoomObserver.join(member, room.id),
    };
    const rolePath = `/rooms/${room.id}/members/${moderator.id}`;
    await owner.call('PATCH', rolePath, { role: 'moderator' });
    const actorOf = (role: keyof typeof views) => {
      const { user, socket } = views[role];
      return { id: user.id, role, socket };
    };
    return {
      roomId: room.id,
      actors: {
        owner: actorOf('owner'),
        moderator: actorOf('moderator'),
        member: actorOf('member'),
        stranger: { id: stranger.id, role: undefined, socket: strangerSocket },
      },
      views: { ...views, stranger: views.owner },
      observers: Object.values(views),
    };
  }

  /** Runs with a new room, and disconnects its observers: a user may have a few sockets only. */
  async function withRoom(run: (room: ObservedRoom) => Promise<void>): Promise<void> {
    const room = await openRoom();
    try {
      await run(room);
    } finally {
      for (const { socket } of room.observers) socket.disconnect();
    }
  }

  /** Sends a last message, which every observer receives; returns the id in its acknowledgement. */
  async function sendLast({ roomId, actors }: ObservedRoom): Promise<RoomCommand & { id: string }> {
    const command = {
      event: 'sendMessage',
      payload: { roomId, text: 'done', clientMessageId: 'last' },
    } as const;
    const ack = await emitWithAck(actors.owner.socket, command.event, command.payload);
    if (!ack.ok) throw new Error(ack.error.message);
    return { ...command, id: ack.id };
  }

  /**
   * Expects the state of every observer to equal the history that its user reads now: the state
   * after all events, and an earlier state that has caught up. Returns the messages.
   *
   * @param rev the rev of the room
   */
  async function expectSameState(
    { roomId, observers }: ObservedRoom,
    rev: number,
    { from, limit }: CatchUp,
  ): Promise<Message[]> {
    await untilReached(rev, observers);
    const read = observers.map(async ({ user, state, states }) => {
      const messages = await user.history(roomId);
      for (const { reactions = [] } of messages) {
        for (const { userIds, mine } of reactions) expect(mine).toBe(userIds.includes(user.id));
      }
      const fresh = { rev, messages: messages.map(withoutMine) };
      expect(contentOf(state)).toEqual(fresh);
      const earlier = (states[from % states.length] ?? state).copy();
      await catchUp(earlier, user, roomId, limit);
      expect(contentOf(earlier)).toEqual(fresh);
      return fresh.messages;
    });
    const [messages = []] = await Promise.all(read);
    return messages;
  }

  async function untilReached(rev: number, observers: readonly RoomObserver[]): Promise<void> {
    await until(`every observer has reached rev ${rev} or received an invalid event`, () =>
      observers.every(({ state, violations }) => state.coveredRev >= rev || violations.length > 0),
    );
    expect(observers.flatMap(({ violations }) => violations)).toEqual([]);
  }

  const emit = (socket: ClientSocket, { event, payload }: RoomCommand) =>
    emitWithAck(socket, event, payload) as Promise<Ack<{ readonly id?: string }>>;

  it(
    'has exactly the effects of the acknowledged commands, and reaches every socket',
    async () => {
      const turns = array(
        record({
          by: constantFrom(...ACTORS),
          acts: array(ACTS, { minLength: 1, maxLength: 4, size: 'max' }),
        }),
        { minLength: 1, maxLength: 15, size: 'max' },
      );
      await assert(
        asyncProperty(turns, CATCH_UPS, (given, catchUpFrom) =>
          withRoom(async (room) => {
            const { roomId, actors, views, observers } = room;
            const model = new RoomModel();
            const earlier: Record<Actor, RoomCommand[]> = {
              owner: [],
              moderator: [],
              member: [],
              stranger: [],
            };
            for (const { by, acts } of given) {
              const actor = actors[by];
              const { messages } = views[by].state;
              const commands = commandsOf(acts, roomId, messages, earlier[by]);
              const before = commands.map((command) => model.refusalOf(actor, command));
              const acks = await Promise.all(
                commands.map((command) => emit(actor.socket, command)),
              );
              for (const [index, command] of commands.entries()) {
                const ack = acks[index];
                const refusal = ack?.ok ? undefined : ack?.error.code;
                // Earlier commands of the same turn may not be stored yet when this one is checked.
                const expected = [before[index], model.refusalOf(actor, command)];
                expect({ command, refusal, isExpected: expected.includes(refusal) }).toEqual({
                  command,
                  refusal,
                  isExpected: true,
                });
                if (ack?.ok) model.acknowledge(actor, command, ack.id);
              }
              await untilReached(model.rev, observers);
            }
            const last = await sendLast(room);
            model.acknowledge(actors.owner, last, last.id);
            const messages = await expectSameState(room, model.rev, catchUpFrom);
            const states = messages.map(async (message) =>
              toModel(message, await versionsOf(users.owner, message)),
            );
            expect(await Promise.all(states)).toEqual(model.messages);
          }),
        ),
        PARAMETERS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'is the same for every socket, including one that joins late, while several users act concurrently',
    async () => {
      const acts = array(ACTS, { minLength: 5, maxLength: 20, size: 'max' });
      const concurrent = record({ owner: acts, moderator: acts, member: acts, stranger: acts });
      await assert(
        asyncProperty(concurrent, nat(20), CATCH_UPS, (given, joinsAt, catchUpFrom) =>
          withRoom(async (room) => {
            const { roomId, actors, views, observers } = room;
            const acknowledged = new Set<string>();
            const act = async (by: Actor): Promise<void> => {
              const { id, socket } = actors[by];
              const own: RoomCommand[] = [];
              for (const [index, next] of given[by].entries()) {
                if (by === 'owner' && index === joinsAt % given.owner.length) {
                  observers.push(await RoomObserver.join(users.late, roomId));
                }
                const [command] = commandsOf([next], roomId, views[by].state.messages, own);
                if (!command) continue;
                const ack = await emit(socket, command);
                if (ack.ok) acknowledged.add(commandKey(id, command));
                else expect(['NOT_FOUND', 'FORBIDDEN']).toContain(ack.error.code);
              }
            };
            await Promise.all(ACTORS.map(act));
            await sendLast(room);
            await expectSameState(room, acknowledged.size + 1, catchUpFrom);
          }),
        ),
        PARAMETERS,
      );
    },
    TIMEOUT_MS,
  );
});

/** Converts acts to commands, and appends these to `earlier`. */
function commandsOf(
  acts: readonly Act[],
  roomId: string,
  messages: readonly Message[],
  earlier: RoomCommand[],
): RoomCommand[] {
  return acts.flatMap((act) => {
    const command = commandOf(act, roomId, messages, earlier);
    if (!command) return [];
    earlier.push(command);
    return [command];
  });
}

/** Reads the changes after a state page by page, and applies them. */
async function catchUp(
  state: RoomState,
  user: TestUser,
  roomId: string,
  limit: number,
): Promise<void> {
  for (let complete = false; !complete;) {
    const since = state.coveredRev;
    const path = `/messages/changes/${roomId}?since=${since}&limit=${limit}`;
    const { body: page } = await user.call<Changes>('GET', path);
    const revs = page.changes.map(({ rev }) => rev);
    expect(revs).toEqual(revs.filter((rev) => rev > since).toSorted((a, b) => a - b));
    state.catchUp(page);
    complete = page.complete;
  }
}

function contentOf({ coveredRev: rev, messages }: RoomState) {
  return { rev, messages };
}

async function versionsOf(user: TestUser, { roomId, id }: Message): Promise<string[]> {
  const path = `/rooms/${roomId}/messages/${id}/versions`;
  const { body } = await user.call<EarlierVersion[]>('GET', path);
  return body.map(({ text }) => text);
}
