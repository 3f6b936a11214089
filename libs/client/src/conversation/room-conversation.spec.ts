import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message, MessageDelta } from '@chat/contracts';
import { eventually } from '@chat/testing';
import { Clients } from '../../test/clients.ts';
import type { ScriptedServer } from '../../test/scripted-server.ts';
import type { ChatClient } from '../chat-client.ts';
import { MemoryOutbox } from '../outbox/memory-outbox.ts';
import type { OutboxChange } from '../outbox/outbox-entry.ts';
import type { RoomConversation } from './room-conversation.ts';

const TIME = '2026-01-01T00:01:00.000Z';

let server: ScriptedServer;
let clients: Clients;
let ada: ChatClient;
let room: RoomConversation;

beforeEach(async () => {
  clients = await Clients.start();
  ({ server } = clients);
  ada = await clients.signedIn('ada');
  room = ada.room('general');
});

afterEach(async () => {
  await clients.close();
});

function numberedTexts(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `message ${from + index}`);
}

function shownSeqs(): number[] {
  return room.getSnapshot().messages.map(({ seq }) => seq);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Records the revs of later `message` events. */
function recordRevs(): number[] {
  const revs: number[] = [];
  room.on('message', ({ rev }) => revs.push(rev));
  return revs;
}

describe('RoomConversation.open()', () => {
  it('shows the newest page, to which loadOlder() adds older ones without a gap', async () => {
    server.store('general', numberedTexts(120));
    expect(room.getSnapshot().status).toBe('closed');
    await room.open();
    expect(room.getSnapshot()).toMatchObject({
      status: 'open',
      live: true,
      hasOlder: true,
      role: 'member',
    });
    expect(shownSeqs()).toEqual(range(71, 120));
    await Promise.all([room.loadOlder(), room.loadOlder()]);
    expect(shownSeqs()).toEqual(range(21, 120));
    await room.loadOlder();
    expect(shownSeqs()).toEqual(range(1, 120));
    expect(room.getSnapshot().hasOlder).toBe(false);
    await room.loadOlder();
    expect(shownSeqs()).toEqual(range(1, 120));
  });

  it.each([
    ['the edit window of the server', 3_600, 3_600_000],
    ['an unlimited edit window for 0', 0, Infinity],
  ])('has %s', async (_name, seconds, editWindowMs) => {
    server.editWindowSeconds = seconds;
    await room.open();
    expect(room.getSnapshot().editWindowMs).toBe(editWindowMs);
  });

  it('shows a message that is stored between the join and the first page', async () => {
    const revs = recordRevs();
    server.store('general', numberedTexts(3));
    server.intercept = (call) => {
      if (call.startsWith('GET /messages/history')) server.store('general', ['in between']);
      return undefined;
    };
    await room.open();
    await eventually(() => expect(revs).toEqual([4]));
    expect(shownSeqs()).toEqual([1, 2, 3, 4]);
  });

  it('fetches the messages missing from a first page that lags behind the join', async () => {
    server.store('general', numberedTexts(5));
    server.intercept = (call) =>
      call.startsWith('GET /messages/history')
        ? {
            status: 200,
            body: server.messages('general').slice(0, 3),
            headers: { 'x-room-seq': '3', 'x-room-rev': '3' },
          }
        : undefined;
    await room.open();
    await eventually(() => expect(shownSeqs()).toEqual([1, 2, 3, 4, 5]));
  });

  it('resolves after the reconnect when it is called while offline', async () => {
    server.store('general', numberedTexts(2));
    await server.stop();
    await eventually(() => expect(ada.connection.getSnapshot().status).not.toBe('online'));
    const opening = room.open();
    expect(room.getSnapshot()).toMatchObject({ status: 'opening', live: false });
    await server.resume();
    await opening;
    expect(shownSeqs()).toEqual([1, 2]);
  });

  it('rejects with NOT_FOUND and sets the status removed for an unreadable room', async () => {
    const secret = ada.room('~unknownunknownunknown1');
    await expect(secret.open()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(secret.getSnapshot()).toMatchObject({ status: 'removed', error: { code: 'NOT_FOUND' } });
  });
});

describe('An open RoomConversation', () => {
  beforeEach(async () => {
    server.store('general', numberedTexts(3));
    await room.open();
  });

  it('shows live messages once and in order when one is delivered twice', async () => {
    const revs = recordRevs();
    const [first] = server.store('general', numberedTexts(3, 4));
    if (first) server.emit('receiveMessage', first);
    server.store('general', ['message 7']);
    await eventually(() => expect(revs).toEqual([4, 5, 6, 7]));
    expect(shownSeqs()).toEqual(range(1, 7));
  });

  it('fills a gap before it shows the live message after the gap', async () => {
    const revs = recordRevs();
    const windows: number[][] = [];
    room.subscribe(() => windows.push(shownSeqs()));
    server.store('general', numberedTexts(300, 4), { live: false });
    server.store('general', ['message 304']);
    await eventually(() => expect(shownSeqs()).toEqual(range(1, 304)));
    expect(revs).toEqual(range(4, 304));
    for (const seqs of windows) expect(seqs).toEqual(range(1, seqs.length));
  });

  it('fetches the missing changes when roomHeads has a higher rev', async () => {
    server.store('general', numberedTexts(2, 4), { live: false });
    server.emit('roomHeads', [{ roomId: 'general', seq: 5, rev: 5 }]);
    await eventually(() => expect(shownSeqs()).toEqual(range(1, 5)));
  });

  it('is not live and retries while GET /messages/changes returns 503', async () => {
    let failures = 2;
    server.intercept = (call) => {
      if (!call.startsWith('GET /messages/changes') || failures === 0) return undefined;
      failures -= 1;
      return { status: 503 };
    };
    const live: boolean[] = [];
    room.subscribe(() => live.push(room.getSnapshot().live));
    server.store('general', ['message 4'], { live: false });
    server.store('general', ['message 5']);
    await eventually(() => expect(shownSeqs()).toEqual(range(1, 5)));
    await eventually(() => expect(room.getSnapshot().live).toBe(true));
    expect(failures).toBe(0);
    expect(live).toContain(false);
  });

  it.each([
    ['4', 4],
    ['500', 500],
  ])('shows %s messages that it missed while offline, without a reset', async (_name, count) => {
    const revs = recordRevs();
    await server.stop();
    await eventually(() => expect(room.getSnapshot().live).toBe(false));
    server.store('general', numberedTexts(count, 4));
    await server.resume();
    await eventually(() => expect(shownSeqs()).toEqual(range(1, 3 + count)));
    expect(revs).toEqual(range(4, 3 + count));
    expect(server.joins.at(-1)).toEqual({ roomId: 'general', since: 3 });
    expect(room.getSnapshot()).toMatchObject({ live: true, resets: 0 });
    server.store('general', ['live again']);
    await eventually(() => expect(revs.at(-1)).toBe(4 + count));
  });

  it('fills a gap while live messages arrive, each message once and in order', async () => {
    const revs = recordRevs();
    server.cut();
    await eventually(() => expect(room.getSnapshot().live).toBe(false));
    server.store('general', numberedTexts(400, 4));
    // Slow enough to miss fewer messages than would cause a reset.
    const stream = setInterval(() => server.store('general', ['streamed']), 10);
    try {
      await eventually(() => expect(revs.length).toBeGreaterThan(450));
    } finally {
      clearInterval(stream);
    }
    const total = server.messages('general').length;
    await eventually(() => expect(shownSeqs()).toEqual(range(1, total)));
    expect(revs).toEqual(range(4, total));
  });

  it('resets to the newest page and emits reset when it missed 1,500 messages', async () => {
    let resets = 0;
    room.on('reset', () => (resets += 1));
    await server.stop();
    server.store('general', numberedTexts(1_500, 4));
    await server.resume();
    await eventually(() => expect(shownSeqs()).toEqual(range(1_454, 1_503)));
    expect(room.getSnapshot()).toMatchObject({ resets: 1, live: true, hasOlder: true, rev: 1_503 });
    expect(resets).toBe(1);
  });

  it('resets when the server has a lower rev after a restore from a backup', async () => {
    server.store('general', numberedTexts(3, 4));
    await eventually(() => expect(shownSeqs()).toEqual(range(1, 6)));
    await server.stop();
    server.rewind('general', 2);
    await server.resume();
    await eventually(() => expect(room.getSnapshot()).toMatchObject({ resets: 1, rev: 2 }));
    expect(shownSeqs()).toEqual([1, 2]);
    server.store('general', ['message 3']);
    await eventually(() => expect(shownSeqs()).toEqual([1, 2, 3]));
  });

  it('replaces a message when a newer rev of it arrives', async () => {
    const [original] = server.messages('general');
    if (!original) throw new Error('The room has messages.');
    server.emit('receiveMessage', { ...original, rev: 4, text: 'edited' });
    await eventually(() => expect(room.getSnapshot().rev).toBe(4));
    expect(room.getSnapshot().messages.map(({ text }) => text)).toEqual([
      'edited',
      'message 2',
      'message 3',
    ]);
  });

  it('has the status removed and no messages after roomRemoved', async () => {
    const removed: string[] = [];
    room.on('removed', ({ error }) => removed.push(error.code));
    server.emit('roomRemoved', { roomId: 'general' });
    await eventually(() => expect(room.getSnapshot().status).toBe('removed'));
    expect(room.getSnapshot().messages).toEqual([]);
    expect(removed).toEqual(['NOT_FOUND']);
  });

  it('is not live after close(), and catches up on the next open()', async () => {
    room.close();
    expect(room.getSnapshot()).toMatchObject({ status: 'closed', live: false });
    server.store('general', numberedTexts(2, 4));
    await room.open();
    await eventually(() => expect(shownSeqs()).toEqual(range(1, 5)));
  });

  it('returns the same snapshot until the next change', async () => {
    const before = room.getSnapshot();
    expect(room.getSnapshot()).toBe(before);
    server.store('general', ['message 4']);
    await eventually(() => expect(shownSeqs()).toEqual(range(1, 4)));
    expect(before.messages).toHaveLength(3);
  });
});

describe('An open RoomConversation that receives changes of messages', () => {
  let first: Message;

  beforeEach(async () => {
    [first] = server.store('general', numberedTexts(3)) as [Message];
    await room.open();
  });

  function shown(): Message | undefined {
    return room.getSnapshot().messages.find(({ id }) => id === first.id);
  }

  function changesRead(): string[] {
    return server.requests.filter((request) => request.startsWith('GET /messages/changes'));
  }

  const edit = (text: string): MessageDelta => ({ kind: 'edited', text, editedAt: TIME });
  const reaction = (userId: string, on = true): MessageDelta => ({
    kind: 'reacted',
    emoji: '👍',
    userId,
    on,
  });

  it('shows an edit, a reaction and a deletion without a request', async () => {
    server.change('general', first.id, edit('edited'));
    await eventually(() => expect(shown()).toMatchObject({ text: 'edited', editedAt: TIME }));
    server.change('general', first.id, reaction('user-ada'));
    await eventually(() =>
      expect(shown()?.reactions).toEqual([
        { emoji: '👍', count: 1, userIds: ['user-ada'], mine: true },
      ]),
    );
    server.change('general', first.id, { kind: 'deleted', deletedAt: TIME });
    await eventually(() => expect(shown()).toMatchObject({ text: '', deletedAt: TIME }));
    expect(shown()?.reactions).toBeUndefined();
    expect(room.getSnapshot()).toMatchObject({ rev: 6, live: true });
    expect(changesRead()).toEqual([]);
  });

  it('emits message for new messages only, and changed for the others', async () => {
    const events: string[] = [];
    room.on('message', ({ text }) => events.push(`message ${text}`));
    room.on('changed', ({ text }) => events.push(`changed ${text}`));
    server.change('general', first.id, edit('edited'));
    server.store('general', ['new']);
    await eventually(() => expect(events).toEqual(['changed edited', 'message new']));
  });

  it('applies a change that also covers the commands without effect before it', async () => {
    server.skipRev('general');
    server.skipRev('general');
    const { rev } = server.change('general', first.id, edit('edited'), { live: false });
    const change = edit('edited');
    const event = { roomId: 'general', rev, messageId: first.id, change };
    server.emit('messageChanged', { ...event, since: 3 });
    await eventually(() => expect(room.getSnapshot().rev).toBe(6));
    expect(shown()?.text).toBe('edited');
    expect(changesRead()).toEqual([]);
  });

  it('shows a new message that also covers the commands without effect before it', async () => {
    server.skipRev('general');
    const [message] = server.store('general', ['new'], { live: false });
    if (message) server.emit('receiveMessage', { ...message, since: 3 });
    await eventually(() => expect(room.getSnapshot().rev).toBe(5));
    expect(room.getSnapshot().messages.at(-1)).toEqual(message);
    expect(changesRead()).toEqual([]);
  });

  it('applies an early change that covers several revs after those before it', async () => {
    const deleted = { kind: 'deleted', deletedAt: TIME } as const;
    const { rev: editRev } = server.change('general', first.id, edit('edited'), { live: false });
    server.skipRev('general');
    const { rev } = server.change('general', first.id, deleted, { live: false });
    server.intercept = (call) => {
      if (!call.startsWith('GET /messages/changes')) return undefined;
      // Read before the last two revs.
      const changes = [{ ...first, rev: editRev, text: 'edited', editedAt: TIME }];
      return { status: 200, body: { rev: editRev, complete: true, changes } };
    };
    const event = { roomId: 'general', messageId: first.id };
    server.emit('messageChanged', { ...event, rev, change: deleted, since: editRev });
    await eventually(() => expect(room.getSnapshot()).toMatchObject({ rev, live: true }));
    expect(shown()?.deletedAt).toBe(TIME);
    expect(changesRead()).toHaveLength(1);
  });

  it('is up to date without a request after roomHeads that cover revs without a change', async () => {
    const rev = server.skipRev('general');
    server.emit('roomHeads', [{ roomId: 'general', seq: 3, rev, since: 3 }]);
    await eventually(() => expect(room.getSnapshot().rev).toBe(4));
    expect(room.getSnapshot().live).toBe(true);
    expect(changesRead()).toEqual([]);
  });

  it('replaces a message by its state after a gap of the server', async () => {
    server.change('general', first.id, edit('one'), { live: false });
    const message = server.change('general', first.id, edit('two'), { live: false });
    const change = { kind: 'state', message } as const;
    server.emit('messageChanged', {
      roomId: 'general',
      rev: 5,
      messageId: first.id,
      change,
      since: 3,
    });
    await eventually(() => expect(shown()?.text).toBe('two'));
    expect(changesRead()).toEqual([]);
  });

  it('reads a message again when its change is of an unknown kind', async () => {
    const { rev } = server.change('general', first.id, edit('from the server'), { live: false });
    const change = { kind: 'pinned', on: true, userId: 'bob' } as unknown as MessageDelta;
    server.emit('messageChanged', { roomId: 'general', rev, messageId: first.id, change });
    await eventually(() => expect(shown()?.text).toBe('from the server'));
    expect(changesRead()).toEqual(['GET /messages/changes/general?since=3&limit=200']);
  });

  it('reads a message again when the user may be among those who are not listed', async () => {
    server.change('general', first.id, reaction('user-ada'), { live: false });
    const userIds = numberedTexts(20);
    const reactions = [{ emoji: '👍', count: 21, userIds }];
    const message = { ...first, rev: 4, reactions };
    server.emit('messageChanged', {
      roomId: 'general',
      rev: 4,
      messageId: first.id,
      change: { kind: 'state', message },
    });
    await eventually(() => expect(shown()?.reactions).toMatchObject([{ mine: true }]));
    expect(changesRead()).toHaveLength(1);
  });

  it('keeps an edit that an older page from a cache does not have', async () => {
    const old = ada.room('long');
    const [oldest] = server.store('long', numberedTexts(60)) as [Message];
    await old.open();
    const stale = server.messages('long').slice(0, 10);
    server.change('long', oldest.id, edit('edited'));
    await eventually(() => expect(old.getSnapshot().rev).toBe(61));
    server.intercept = (call) =>
      call.startsWith('GET /messages/history')
        ? { status: 200, body: stale, headers: { 'x-room-seq': '60', 'x-room-rev': '60' } }
        : undefined;
    await old.loadOlder();
    expect(old.getSnapshot().messages[0]?.text).toBe('edited');
  });

  it('keeps an edit that arrives while an older page is read', async () => {
    const old = ada.room('long');
    const [oldest] = server.store('long', numberedTexts(60)) as [Message];
    await old.open();
    server.intercept = (call) => {
      if (!call.startsWith('GET /messages/history')) return undefined;
      const body = server.messages('long').slice(0, 10);
      server.change('long', oldest.id, edit('edited'));
      return { status: 200, body, headers: { 'x-room-seq': '60', 'x-room-rev': '60' } };
    };
    await old.loadOlder();
    await eventually(() => expect(old.getSnapshot().messages[0]?.text).toBe('edited'));
  });

  it('is not reset when a later message arrives before an earlier one that was edited', async () => {
    const [fourth] = server.store('general', numberedTexts(2, 4), { live: false }) as [Message];
    const edited = server.change('general', fourth.id, edit('edited'), { live: false });
    const [, fifth] = server.messages('general').slice(-2);
    if (!fifth) throw new Error('The room has five messages.');
    const revs = recordRevs();
    server.emit('receiveMessage', { ...fifth, since: 3 });
    server.emit('receiveMessage', edited);
    await eventually(() => expect(room.getSnapshot()).toMatchObject({ rev: 6, live: true }));
    expect(shownSeqs()).toEqual([1, 2, 3, 4, 5]);
    expect(room.getSnapshot().resets).toBe(0);
    expect(revs.sort()).toEqual([5, 6]);
  });

  it('emits a message that the server skipped in its events before its change could be read', async () => {
    const [fourth, fifth] = server.store('general', numberedTexts(2, 4), { live: false });
    if (!fourth || !fifth) throw new Error('Two messages were stored.');
    server.change('general', fourth.id, edit('edited'), { live: false });
    let reads = 0;
    server.intercept = (call) => {
      if (!call.startsWith('GET /messages/changes/')) return undefined;
      reads += 1;
      return reads > 2 ? undefined : { status: 200, body: { rev: 5, complete: true, changes: [] } };
    };
    const revs = recordRevs();
    server.emit('receiveMessage', { ...fifth, since: 3 });
    await eventually(() => expect(room.getSnapshot()).toMatchObject({ rev: 6, live: true }), 5_000);
    expect(shownSeqs()).toEqual([1, 2, 3, 4, 5]);
    expect(room.getSnapshot().resets).toBe(0);
    expect(revs.sort()).toEqual([5, 6]);
  });
});

describe('The changes of a RoomConversation', () => {
  let own: Message;

  beforeEach(async () => {
    await room.open();
    room.send('hello');
    await eventually(() => expect(shownSeqs()).toEqual([1]));
    [own] = server.messages('general') as [Message];
  });

  /** Makes a change and waits until the server has acknowledged it. */
  async function made(change: OutboxChange): Promise<void> {
    await eventually(() => {
      const { changes } = room.getSnapshot();
      const left = changes.find(
        ({ clientMessageId }) => clientMessageId === change.clientMessageId,
      );
      expect(left?.state ?? 'sent').toBe('sent');
    });
  }

  /** Records what the text, the deletion and the reactions of the message are after each change. */
  function recordShown(): string[] {
    const shown: string[] = [];
    room.subscribe(() => {
      const [message] = room.getSnapshot().messages;
      const reactions = message?.reactions?.map(({ emoji, count }) => `${emoji}${count}`) ?? [];
      const state = [message?.deletedAt ? 'deleted' : message?.text, ...reactions].join(' ');
      if (shown.at(-1) !== state) shown.push(state);
    });
    return shown;
  }

  it('edit, react to and delete a message, each shown at once and without reverting', async () => {
    const shown = recordShown();
    await made(room.editMessage(own.id, ' edited '));
    await made(room.react(own.id, '👍', true));
    await made(room.react(own.id, '👍', false));
    await made(room.deleteMessage(own.id));
    await eventually(() => expect(room.getSnapshot().changes).toEqual([]));
    expect(shown).toEqual(['edited', 'edited 👍1', 'edited', 'deleted']);
    expect(room.getSnapshot().messages).toEqual(server.messages('general'));
    const ids = server.commands.map(({ payload }) => payload.clientMessageId);
    expect(new Set(ids).size).toBe(4);
  });

  it('stay shown between their acknowledgement and their arrival in the room', async () => {
    server.live = false;
    const shown = recordShown();
    room.react(own.id, '👍', true);
    await eventually(() => expect(room.getSnapshot().changes).toMatchObject([{ state: 'sent' }]));
    server.emit('roomHeads', [{ roomId: 'general', seq: 1, rev: 2 }]);
    await eventually(() => expect(room.getSnapshot().changes).toEqual([]));
    expect(shown).toEqual(['hello 👍1']);
  });

  it('are no longer shown 10 s after their acknowledgement if they had no effect', async () => {
    server.live = false;
    room.editMessage(own.id, 'edited');
    await eventually(() => expect(room.getSnapshot().changes).toMatchObject([{ state: 'sent' }]));
    expect(room.getSnapshot().messages).toMatchObject([{ text: 'edited' }]);
    await eventually(() => expect(room.getSnapshot().changes).toEqual([]), 15_000);
    expect(room.getSnapshot().messages).toEqual([own]);
  });

  it('show the later of two reactions when the earlier one never arrives by itself', async () => {
    server.live = false;
    const shown = recordShown();
    await made(room.react(own.id, '👍', true));
    await made(room.react(own.id, '👍', false));
    await eventually(() => expect(room.getSnapshot().changes).toEqual([]), 5_000);
    expect(room.getSnapshot().messages).toEqual([own]);
    expect(shown).toEqual(['hello 👍1', 'hello']);
  });

  it('show a message as deleted that another client deletes before the change is made', async () => {
    server.commandOutcome = () => 'ignore';
    room.editMessage(own.id, 'edited');
    expect(room.getSnapshot().messages).toMatchObject([{ text: 'edited' }]);
    server.change('general', own.id, { kind: 'deleted', deletedAt: TIME });
    await eventually(() => expect(room.getSnapshot().messages).toEqual(server.messages('general')));
  });

  it('are made once and in order after a reconnect', async () => {
    await server.stop();
    await eventually(() => expect(ada.connection.getSnapshot().status).not.toBe('online'));
    room.editMessage(own.id, 'one');
    room.editMessage(own.id, 'two');
    room.react(own.id, '👍', true);
    expect(room.getSnapshot().messages).toMatchObject([{ text: 'two', reactions: [{ count: 1 }] }]);
    await server.resume();
    await eventually(() => expect(room.getSnapshot().changes).toEqual([]));
    expect(server.commands.map(({ event }) => event)).toEqual([
      'editMessage',
      'editMessage',
      'react',
    ]);
    expect(room.getSnapshot().messages).toMatchObject([{ rev: 4, text: 'two' }]);
  });

  it('revert when the server rejects them, and the outbox emits rejected', async () => {
    server.commandOutcome = () => ({ code: 'FORBIDDEN', message: 'Not your message.' });
    const rejected: [string, string][] = [];
    ada.outbox.on('rejected', ({ change, error }) => rejected.push([change.kind, error.message]));
    room.deleteMessage(own.id);
    expect(room.getSnapshot().messages).toMatchObject([{ text: '' }]);
    await eventually(() => expect(rejected).toEqual([['deleteMessage', 'Not your message.']]));
    expect(room.getSnapshot()).toMatchObject({ changes: [], messages: [own] });
    expect(server.commands).toHaveLength(1);
  });

  it('throw VALIDATION for an empty text without a request', () => {
    expect(() => room.editMessage(own.id, ' ')).toThrow(
      expect.objectContaining({ code: 'VALIDATION' }),
    );
    expect(server.commands).toEqual([]);
  });
});

describe('A message of room.send()', () => {
  /** Records after each change how often the text is shown, in messages and pending. */
  function visibility(text: string): number[] {
    const counts: number[] = [];
    room.subscribe(() => {
      const { messages, pending } = room.getSnapshot();
      const texts = [...messages, ...pending.map(({ payload }) => payload)].map((one) => one.text);
      counts.push(texts.filter((one) => one === text).length);
    });
    return counts;
  }

  it('is shown exactly once at every moment from send() on', async () => {
    await room.open();
    const counts = visibility('hello');
    room.send('hello');
    expect(room.getSnapshot().pending).toMatchObject([
      { payload: { text: 'hello' }, state: 'waiting' },
    ]);
    await eventually(() => expect(shownSeqs()).toEqual([1]));
    await eventually(() => expect(room.getSnapshot().pending).toEqual([]));
    await eventually(() => expect(ada.outbox.getSnapshot().entries).toEqual([]));
    expect(new Set(counts)).toEqual(new Set([1]));
  });

  it('stays pending as sent between its acknowledgement and its arrival in the room', async () => {
    await room.open();
    server.live = false;
    const counts = visibility('hello');
    room.send('hello');
    await eventually(() => expect(room.getSnapshot().pending).toMatchObject([{ state: 'sent' }]));
    server.emit('roomHeads', [{ roomId: 'general', seq: 1, rev: 1 }]);
    await eventually(() => expect(shownSeqs()).toEqual([1]));
    expect(room.getSnapshot().pending).toEqual([]);
    expect(new Set(counts)).toEqual(new Set([1]));
  });

  it('is shown exactly once at every moment when it arrives together with another message', async () => {
    await room.open();
    server.live = false;
    room.send('one');
    room.send('two');
    const counts = [visibility('one'), visibility('two')];
    await eventually(() =>
      expect(room.getSnapshot().pending).toMatchObject([{ state: 'sent' }, { state: 'sent' }]),
    );
    server.emit('roomHeads', [{ roomId: 'general', seq: 2, rev: 2 }]);
    await eventually(() => expect(shownSeqs()).toEqual([1, 2]));
    await eventually(() => expect(ada.outbox.getSnapshot().entries).toEqual([]));
    expect(counts.map((values) => new Set(values))).toEqual([new Set([1]), new Set([1])]);
  });

  it('leaves the outbox when it arrives in the room before its acknowledgement', async () => {
    await room.open();
    server.sendOutcome = () => 'lose-ack';
    room.send('hello');
    await eventually(() => expect(shownSeqs()).toEqual([1]));
    expect(room.getSnapshot().pending).toEqual([]);
    expect(ada.outbox.getSnapshot().entries).toEqual([]);
  });

  it('stays pending until sent when another client used its clientMessageId for a different text', async () => {
    await room.open();
    server.sendOutcome = () => 'ignore';
    const { clientMessageId } = room.send('mine');
    await eventually(() => expect(server.sends).toHaveLength(1));
    server.sendOutcome = () => 'lose-ack';
    const other = await clients.signedIn('ada');
    await other.connection
      .emit('sendMessage', { roomId: 'general', text: 'from another client', clientMessageId }, 50)
      .catch(() => undefined);
    await eventually(() => expect(shownSeqs()).toEqual([1]));
    expect(room.getSnapshot().pending).toMatchObject([
      { payload: { text: 'mine' }, clientMessageId },
    ]);
    server.sendOutcome = () => 'ok';
    await eventually(() => expect(shownSeqs()).toEqual([1, 2]), 14_000);
    const { messages, pending } = room.getSnapshot();
    expect(messages.map(({ text }) => text)).toEqual(['from another client', 'mine']);
    expect(pending).toEqual([]);
  });

  it.each<[string, MessageDelta]>([
    ['edited', { kind: 'edited', text: 'edited', editedAt: TIME }],
    ['deleted', { kind: 'deleted', deletedAt: TIME }],
  ])('leaves pending when it is received after it was %s', async (_name, change) => {
    await room.open();
    server.live = false;
    server.sendOutcome = () => 'lose-ack';
    room.send('hello');
    await eventually(() => expect(server.messages('general')).toHaveLength(1));
    const [stored] = server.messages('general') as [Message];
    server.change('general', stored.id, change);
    server.emit('roomHeads', [{ roomId: 'general', seq: 1, rev: 2 }]);
    await eventually(() => expect(shownSeqs()).toEqual([1]));
    expect(room.getSnapshot().pending).toEqual([]);
    expect(ada.outbox.getSnapshot().entries).toEqual([]);
  });

  it('leaves pending when it is received with its lone surrogate replaced', async () => {
    await room.open();
    server.sendOutcome = () => 'lose-ack';
    room.send('half \ud83c');
    await eventually(() => expect(shownSeqs()).toEqual([1]));
    expect(room.getSnapshot().pending).toEqual([]);
    expect(server.sends).toMatchObject([{ text: 'half \ufffd' }]);
  });

  it('is shown once when a reload finds it both in the room and in the outbox', async () => {
    server.store('general', ['from another user']);
    server.sendOutcome = () => 'lose-ack';
    await ada.connection
      .emit('sendMessage', { roomId: 'general', text: 'hello', clientMessageId: 'k1' }, 50)
      .catch(() => undefined);
    const storage = new MemoryOutbox();
    await storage.put({
      clientMessageId: 'k1',
      roomId: 'general',
      text: 'hello',
      createdAt: '2026-01-01T00:00:00Z',
    });
    let load = (): void => undefined;
    const loading = new Promise<void>((resolve) => (load = resolve));
    storage.load = () => loading.then(() => MemoryOutbox.prototype.load.call(storage));

    const later = await clients.signedIn('ada', { outboxStorage: () => storage });
    await later.room('general').open();
    load();
    await eventually(() => expect(later.outbox.getSnapshot().entries).toHaveLength(1));
    const { messages, pending } = later.room('general').getSnapshot();
    expect(messages.map(({ text }) => text)).toEqual(['from another user', 'hello']);
    expect(pending).toEqual([]);
  });

  it('leaves pending after a reset although it is not among the shown messages', async () => {
    await room.open();
    server.sendOutcome = (_count, { text }) => (text === 'repeated' ? 'break-after' : 'ok');
    server.live = false;
    room.send('accepted');
    await eventually(() => expect(room.getSnapshot().pending).toMatchObject([{ state: 'sent' }]));
    room.send('repeated');
    await eventually(() => expect(server.sends).toHaveLength(2));
    server.sendOutcome = () => 'ok';
    server.store('general', numberedTexts(1_200, 3));
    await eventually(() => expect(room.getSnapshot()).toMatchObject({ live: true, resets: 1 }));
    await eventually(() => expect(room.getSnapshot().pending).toEqual([]), 15_000);
    expect(server.messages('general').filter(({ userId }) => userId === 'user-ada')).toHaveLength(
      2,
    );
  });
});
