import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Identity } from '@chat/auth';
import { ReactorListQuery, type User } from '@chat/contracts';
import { UnavailableError } from '@chat/platform/failures';
import type { UserDirectory } from '@chat/rooms';
import { AT, create, edit, LATER, react, remove, ROOM } from '../test/commands.ts';
import { InMemoryLog } from '../test/in-memory-log.ts';
import { identityOf, roomAccessFor } from '../test/room-access.ts';
import type { Command } from './commands/command.ts';
import { plan } from './log/plan.ts';
import { MessageDetails } from './message-details.ts';

const access = roomAccessFor((userId) => userId !== 'eve');
const message = create('ann', 'a', 'one');
const ann = identityOf('ann');
const bob = identityOf('bob');

/** Every user has an account, except `ghost`; records the ids of every lookup. */
class FakeDirectory implements UserDirectory {
  readonly lookups: (readonly string[])[] = [];

  publicUsers(ids: readonly string[]): Promise<Map<string, User>> {
    this.lookups.push(ids);
    const known = ids.filter((id) => id !== 'ghost');
    return Promise.resolve(
      new Map(
        known.map((id) => [id, { id, username: `name-of-${id}`, displayName: id, createdAt: AT }]),
      ),
    );
  }

  firstUserId(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

const named = (userId: string) => ({ userId, username: `name-of-${userId}` });

let store: InMemoryLog;
let directory: FakeDirectory;
let details: MessageDetails;

beforeEach(async () => {
  store = new InMemoryLog();
  directory = new FakeDirectory();
  details = new MessageDetails(store, access, directory);
  await write(message);
});

async function write(...commands: Command[]): Promise<void> {
  const planned = plan(commands, await store.heads([ROOM]), store.messages);
  await store.append(planned.map(({ entry }) => entry));
}

const reactors = (query: Record<string, string>) =>
  details.reactors(bob, ROOM, message.id, ReactorListQuery.parse({ emoji: '👍', ...query }));

describe('MessageDetails', () => {
  it('returns a message in its latest state, as the caller sees it', async () => {
    await write(edit('ann', message.id, 'two'), react('bob', message.id));
    const expected = { id: message.id, seq: 1, rev: 3, text: 'two', editedAt: LATER };
    const reaction = { emoji: '👍', count: 1, userIds: ['bob'] };
    expect(await details.message(bob, ROOM, message.id)).toMatchObject({
      ...expected,
      reactions: [{ ...reaction, mine: true }],
    });
    expect(await details.message(ann, ROOM, message.id)).toMatchObject({
      ...expected,
      reactions: [{ ...reaction, mine: false }],
    });
  });

  it('returns the texts before each edit, each with the time from which the message had it', async () => {
    expect(await details.versions(bob, ROOM, message.id)).toEqual([]);
    await write(edit('ann', message.id, 'two'), edit('ann', message.id, 'three'));
    expect(await details.versions(bob, ROOM, message.id)).toEqual([
      { text: 'one', timestamp: AT },
      { text: 'two', timestamp: LATER },
    ]);
  });

  it('returns every user who reacted once, by user id, page by page', async () => {
    const users = Array.from({ length: 120 }, (_, n) => `user-${n}`);
    await write(...users.map((user) => react(user, message.id)), react('zoe', message.id, '🎉'));
    const found: string[] = [];
    for (let after: string | undefined = ''; after !== undefined;) {
      const page = await reactors({ limit: '50', ...(after && { after }) });
      expect(page.length).toBeLessThanOrEqual(50);
      found.push(...page.map(({ userId }) => userId));
      after = page.at(-1)?.userId;
    }
    expect(found).toEqual(users.toSorted());
    expect(await reactors({})).toHaveLength(100);
    expect(await reactors({ emoji: '🎉' })).toEqual([named('zoe')]);
    expect(await reactors({ emoji: '😀' })).toEqual([]);
  });

  it('continues after a user who has removed the reaction in the meantime', async () => {
    await write(...['a', 'b', 'c'].map((user) => react(user, message.id)));
    expect(await reactors({ limit: '2' })).toEqual([named('a'), named('b')]);
    await write(react('b', message.id, '👍', false, 'remove'));
    expect(await reactors({ limit: '2', after: 'b' })).toEqual([named('c')]);
  });

  it('looks up the usernames of a page at once, and none for an empty page', async () => {
    await write(...['a', 'b', 'c', 'd'].map((user) => react(user, message.id)));
    await reactors({ limit: '3' });
    await reactors({ after: 'd' });
    expect(directory.lookups).toEqual([['a', 'b', 'c']]);
  });

  it('lists a user without an account, without a username', async () => {
    await write(...['a', 'ghost'].map((user) => react(user, message.id)));
    expect(await reactors({})).toEqual([named('a'), { userId: 'ghost' }]);
  });

  it('rejects with UNAVAILABLE when the usernames cannot be read', async () => {
    await write(react('a', message.id));
    directory.publicUsers = () => Promise.reject(new UnavailableError('no users', 1_000));
    await expect(reactors({})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('returns only the tombstone of a deleted message', async () => {
    await write(react('bob', message.id), remove('ann', message.id));
    const tombstone = await details.message(bob, ROOM, message.id);
    expect(tombstone).toMatchObject({ id: message.id, rev: 3, text: '', deletedAt: LATER });
    expect(tombstone).not.toHaveProperty('reactions');
    expect(await reactors({})).toEqual([]);
  });

  it.each<[string, Identity, string, string]>([
    ['a user without access to the room', identityOf('eve'), ROOM, message.id],
    ['a message of another room', bob, 'other', message.id],
    ['an unknown message', bob, ROOM, 'A'.repeat(22)],
  ])('rejects every read with NOT_FOUND for %s', async (_case, caller, roomId, messageId) => {
    const query = ReactorListQuery.parse({ emoji: '👍' });
    for (const read of [
      details.message(caller, roomId, messageId),
      details.versions(caller, roomId, messageId),
      details.reactors(caller, roomId, messageId, query),
    ]) {
      await expect(read).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });
});
