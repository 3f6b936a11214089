import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  MAX_JOIN_CHANGES,
  type Changes,
  type Message,
  type MessageChanged,
  type Reactor,
} from '@chat/contracts';
import { until } from '@chat/testing';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { TestUser, type ClientSocket } from '../support/test-user.ts';
import { uniqueRoom } from '../support/unique-room.ts';

const USERS = 200;
/** Users who react at the same time. */
const AT_ONCE = 20;
/** Half of the users react with the first, and the others with one of the rest. */
const EMOJI = ['👍', '🎉', '😀', '🚀', '🙏'] as const;
/** Most users that are listed for an emoji in a message. */
const MAX_LISTED = 20;
/** Largest event about one reaction; 200 user ids alone have 5,000 bytes. */
const MAX_EVENT_BYTES = 512;
/** Largest message of this suite: five emoji with 20 user ids each. */
const MAX_MESSAGE_BYTES = 4_096;
const TIMEOUT_MS = 30_000;

/** A user who reacts with one emoji. */
interface Fan {
  readonly user: TestUser;
  readonly socket: ClientSocket;
  readonly emoji: string;
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Runs the action for all items, `AT_ONCE` at a time; returns the results in order. */
async function inBatches<Item, Result>(
  items: readonly Item[],
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(action))));
  }
  return results;
}

describeChat('a message to which 200 users react', () => {
  const roomId = uniqueRoom('popular');
  const changes: MessageChanged[] = [];
  /** Latest states of the message in the heads that a socket outside the room receives. */
  const lastMessages: Message[] = [];
  let server: ChatUnderTest;
  let observer: TestUser;
  let observerSocket: ClientSocket;
  let fans: readonly Fan[] = [];
  let acks: unknown[];
  let messageId: string;

  beforeAll(async () => {
    server = await sharedChat();
    observer = await server.register('observer');
    observerSocket = await observer.connect();
    observerSocket.on('messageChanged', (change) => changes.push(change));
    (await observer.connect()).on('roomHeads', (heads) => {
      for (const head of heads) {
        if (head.roomId === roomId && head.lastMessage) lastMessages.push(head.lastMessage);
      }
    });
    expect(await emitWithAck(observerSocket, 'joinRoom', roomId)).toMatchObject({ ok: true });
    const sent = await emitWithAck(observerSocket, 'sendMessage', { roomId, text: 'lunch?' });
    if (!sent.ok) throw new Error(sent.error.message);
    messageId = sent.id;
    await observer.waitForMessage(roomId, messageId);
    fans = await inBatches(
      Array.from({ length: USERS }, (_, n) => n),
      join,
    );
    acks = await inBatches(fans, (fan) => react(fan, true));
    await until('the observer has all reactions', () => lastRev() > USERS, TIMEOUT_MS);
  }, 120_000);
  afterAll(async () => {
    for (const { user } of fans) user.close();
    await server.close();
  });

  async function join(n: number): Promise<Fan> {
    const user = TestUser.withoutAccount(observer);
    const socket = await user.connect();
    expect(await emitWithAck(socket, 'joinRoom', roomId, TIMEOUT_MS)).toMatchObject({ ok: true });
    const emoji = n % 2 === 0 ? EMOJI[0] : (EMOJI[1 + (((n - 1) / 2) % 4)] ?? EMOJI[1]);
    return { user, socket, emoji };
  }

  /** Returns the rev up to which the observer has the changes. */
  const lastRev = (): number => changes.at(-1)?.rev ?? 1;

  function react({ socket, emoji }: Fan, on: boolean): Promise<unknown> {
    return emitWithAck(socket, 'react', { roomId, messageId, emoji, on }, TIMEOUT_MS);
  }

  /** Returns the message as a user sees it. */
  async function read(reader = observer): Promise<Message> {
    const path = `/rooms/${roomId}/messages/${messageId}`;
    const { status, body } = await reader.call<Message>('GET', path);
    expect(status).toBe(200);
    return body;
  }

  /** Returns the ids of all users who reacted with an emoji, page by page. */
  async function reactors(emoji: string): Promise<string[]> {
    const path = `/rooms/${roomId}/messages/${messageId}/reactions`;
    const ids: string[] = [];
    for (;;) {
      const query = new URLSearchParams({ emoji, limit: '30', after: ids.at(-1) ?? '-' });
      const { body } = await observer.call<Reactor[]>('GET', `${path}?${query.toString()}`);
      expect(body.length).toBeLessThanOrEqual(30);
      if (body.length === 0) return ids;
      // The users have no accounts.
      for (const reactor of body) expect(reactor).not.toHaveProperty('username');
      ids.push(...body.map(({ userId }) => userId));
    }
  }

  /** Expects exactly the reactions of these users, of which each emoji lists some. */
  function expectReactions(message: Message | undefined, of: readonly Fan[], reader = observer) {
    const reactions = new Map(message?.reactions?.map((reaction) => [reaction.emoji, reaction]));
    expect(reactions.size).toBe(new Set(of.map(({ emoji }) => emoji)).size);
    for (const [emoji, { count, userIds, mine }] of reactions) {
      const ids = of.filter((fan) => fan.emoji === emoji).map(({ user }) => user.id);
      expect({ emoji, count, mine }).toEqual({
        emoji,
        count: ids.length,
        mine: ids.includes(reader.id),
      });
      expect(new Set(userIds).size).toBe(Math.min(count, MAX_LISTED));
      expect(userIds).toHaveLength(Math.min(count, MAX_LISTED));
      expect(ids).toEqual(expect.arrayContaining(userIds));
    }
    expect(bytesOf(message)).toBeLessThan(MAX_MESSAGE_BYTES);
  }

  /** Expects that the pages of every emoji contain each of these users once. */
  async function expectReactors(of: readonly Fan[]): Promise<void> {
    for (const emoji of EMOJI) {
      const ids = of.filter((fan) => fan.emoji === emoji).map(({ user }) => user.id);
      expect(await reactors(emoji)).toEqual(ids.toSorted());
    }
  }

  /** Expects that the latest 200 changes are one message on one page, and those of a join too. */
  async function expectCaughtUp(of: readonly Fan[]): Promise<void> {
    const head = lastRev();
    const path = `/messages/changes/${roomId}?since=${head - USERS}&limit=${USERS}`;
    const page = (await observer.call<Changes>('GET', path)).body;
    const socket = await observer.connect();
    const ack = await emitWithAck(socket, 'joinRoom', { roomId, since: head - MAX_JOIN_CHANGES });
    if (!ack.ok) throw new Error(ack.error.message);
    for (const { rev, complete, changes: messages = [] } of [page, ack]) {
      expect({ rev, complete, messages: messages.length }).toEqual({
        rev: head,
        complete: true,
        messages: 1,
      });
      expectReactions(messages[0], of);
    }
  }

  it('acknowledges every reaction and counts each once', async () => {
    expect(acks).toEqual(fans.map(() => ({ ok: true })));
    expectReactions(await read(), fans);
    for (const fan of [fans[0], fans.at(-1)]) {
      if (fan) expectReactions(await read(fan.user), fans, fan.user);
    }
  });

  it('is sent to members in events without a gap, whose size does not grow', () => {
    let rev = 1;
    for (const event of changes) {
      const { change, since = event.rev - 1 } = event;
      expect(since).toBe(rev);
      rev = event.rev;
      // After a gap an event has the whole message.
      const max = change.kind === 'state' ? MAX_MESSAGE_BYTES : MAX_EVENT_BYTES;
      expect(bytesOf(event)).toBeLessThan(max);
    }
    expect(rev).toBe(1 + USERS);
  });

  it('is bounded in the heads that a socket outside the room receives', async () => {
    const total = (message?: Message) =>
      message?.reactions?.reduce((sum, { count }) => sum + count, 0);
    await until('the head has all reactions', () => total(lastMessages.at(-1)) === USERS);
    for (const message of lastMessages) {
      expect(bytesOf(message)).toBeLessThan(MAX_MESSAGE_BYTES);
      for (const { count, userIds } of message.reactions ?? []) {
        expect(userIds).toHaveLength(Math.min(count, MAX_LISTED));
      }
    }
  });

  it('lists every user who reacted once, page by page', () => expectReactors(fans));

  it('is one change for a user who reconnects', () => expectCaughtUp(fans));

  describe('after half of them have removed their reactions', () => {
    const kept = () => fans.filter((_fan, index) => index % 4 < 2);
    beforeAll(async () => {
      const removed = fans.filter((fan) => !kept().includes(fan));
      const removals = await inBatches(removed, (fan) => react(fan, false));
      expect(removals).toEqual(removed.map(() => ({ ok: true })));
      const head = 1 + USERS + removed.length;
      await until('the observer has all removals', () => lastRev() >= head, TIMEOUT_MS);
    }, 60_000);

    it('counts exactly those who remain, without the emoji of which none remain', async () => {
      expect(kept()).toHaveLength(USERS / 2);
      expect(new Set(kept().map(({ emoji }) => emoji)).size).toBeLessThan(EMOJI.length);
      expectReactions(await read(), kept());
    });

    it('lists every user who remains once', () => expectReactors(kept()));

    it('is one change for a user who reconnects', () => expectCaughtUp(kept()));
  });
});
