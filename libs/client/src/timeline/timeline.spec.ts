import type { Message } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { array, assert, boolean, integer, nat, property, record } from 'fast-check';
import { roomLogs, roomWithMessages, timelineOf } from '../../test/room-log.ts';
import { stateUpdate } from './message-update.ts';
import { Timeline } from './timeline.ts';

/**
 * A page of changes that begins up to 5 changes too early, and whether an older page
 * of messages follows.
 */
const PAGES = array(
  record({ overlap: nat(5), size: integer({ min: 1, max: 8 }), older: boolean() }),
);
const LAST_PAGE = { overlap: 0, size: 8, older: false };

function isOwn({ userId }: Message): boolean {
  return userId === 'ada';
}

function ownSend(clientMessageId: string, text: string) {
  return { clientMessageId, payload: { text } };
}

function sendOf({ clientMessageId = '', text }: Message) {
  return ownSend(clientMessageId, text);
}

describe('Timeline', () => {
  it('has every message once and in its latest revision, whichever pages contain its changes', () => {
    assert(
      property(roomLogs(), nat(), integer({ min: 1, max: 10 }), PAGES, (log, seed, size, pages) => {
        const rev = seed % (log.head + 1);
        const timeline = timelineOf(log, rev, size);
        const applied: Message[] = [];
        /** Ids of messages that an older page has in their latest state, before their change. */
        const read = new Set<string>();
        for (let step = 0; timeline.rev < log.head; step += 1) {
          const { overlap, size: limit, older } = pages[step] ?? LAST_PAGE;
          const page = log.changes(Math.max(0, timeline.rev - overlap), overlap + limit);
          for (const { message } of timeline.apply(page.changes.map(stateUpdate), page.rev)) {
            applied.push(message);
          }
          if (older) {
            const olderPage = log.page(log.head, size, timeline.firstSeq);
            timeline.prepend(olderPage, []);
            for (const message of olderPage) if (message.rev > timeline.rev) read.add(message.id);
          }
          const seqs = timeline.messages.map(({ seq }) => seq);
          expect(seqs).toEqual(seqs.map((_seq, index) => timeline.firstSeq + index));
        }
        expect(timeline.messages).toEqual(log.messagesAt(log.head).slice(timeline.firstSeq - 1));
        expect(timeline.incomplete).toBe(false);
        expect(applied).toEqual(
          log
            .messagesAt(log.head)
            .filter((message) => message.rev > rev && !read.has(message.id))
            .sort((a, b) => a.rev - b.rev),
        );
      }),
    );
  });

  it('has each own message exactly once, in the messages or as pending, at every moment', () => {
    assert(
      property(roomLogs({ changes: false }), nat(), PAGES, (log, seed, pages) => {
        const rev = seed % (log.head + 1);
        const timeline = timelineOf(log, rev, Infinity);
        const unsent = ownSend('k-unsent', 'unsent');
        const sends = [...log.messagesAt(log.head).filter(isOwn).map(sendOf), unsent];
        for (let step = 0; timeline.rev < log.head; step += 1) {
          const { overlap, size } = pages[step] ?? LAST_PAGE;
          const page = log.changes(Math.max(0, timeline.rev - overlap), overlap + size);
          timeline.apply(page.changes.map(stateUpdate), page.rev);
          const shown = timeline.messages.filter(isOwn).map(sendOf);
          expect([...shown, ...timeline.pending(sends)]).toEqual(sends);
        }
        expect(timeline.pending(sends)).toEqual([unsent]);
      }),
    );
  });

  it('recognizes an own message by its clientMessageId alone when it has been edited', () => {
    const [message] = roomWithMessages(1).messagesAt(1);
    const edited = { clientMessageId: 'k-1', text: 'edited', editedAt: '2026-01-01T00:01:00.000Z' };
    const messages = message ? [{ ...message, ...edited }] : [];
    const timeline = new Timeline({ messages, seq: 1, rev: 1 }, 'bob');
    const other = ownSend('k-2', 'message 1');
    expect(timeline.pending([ownSend('k-1', 'message 1'), other])).toEqual([other]);
  });

  it('ignores an older page that does not end right before its first message', () => {
    assert(
      property(roomLogs(), integer({ min: 1, max: 5 }), nat(), (log, size, before) => {
        const timeline = timelineOf(log, log.head, size);
        const { messages, firstSeq } = timeline;
        timeline.prepend(log.page(log.head, size, before % firstSeq), []);
        expect(timeline.messages).toEqual(messages);
      }),
    );
  });
});
