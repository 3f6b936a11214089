import { describe, expect, it } from '@jest/globals';
import { RoomLog, timelineOf } from '../../test/room-log.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { fromMessageChanged } from './live-change.ts';
import { addOlderPage } from './older-page.ts';

const STEP = { target: 0, userId: 'bob', emoji: '👍', on: true } as const;

/** A room whose first message is edited at rev 3 and gets a reaction at rev 5. */
const LOG = new RoomLog([
  { ...STEP, kind: 'create' },
  { ...STEP, kind: 'create' },
  { ...STEP, kind: 'edit' },
  { ...STEP, kind: 'edit', target: 1 },
  { ...STEP, kind: 'react' },
]);

/** Returns the timeline of the second message at rev 4. */
function newestMessage(): Timeline {
  return timelineOf(LOG, 4, 1);
}

/** Returns calls that read the first message as it is at `rev`. */
function restAt(rev: number, changes: (since: number) => ReturnType<RoomLog['changes']>) {
  return {
    history: () =>
      Promise.resolve({ messages: LOG.page(rev, 1, 2), seq: 2, rev, editWindowMs: Infinity }),
    changes: (_roomId: string, since: number) => Promise.resolve(changes(since)),
  };
}

function receiveReaction(timeline: Timeline): void {
  const event = LOG.event(5);
  if (event.name !== 'messageChanged') throw new Error('The last command is a reaction.');
  const change = fromMessageChanged(event.payload, 'ada');
  if (!change?.update) throw new Error('The reaction can be applied.');
  timeline.apply([change.update], 5);
}

describe('addOlderPage', () => {
  it('reads changes until none is left out because its message changed again', async () => {
    const timeline = newestMessage();
    const adding = addOlderPage(
      'general',
      restAt(2, (since) => LOG.changes(since, 2)),
      timeline,
    );
    receiveReaction(timeline);
    await adding;
    expect(timeline.messages).toEqual(LOG.messagesAt(5));
  });

  it('ignores live changes that the page includes', async () => {
    const timeline = newestMessage();
    const adding = addOlderPage(
      'general',
      restAt(5, (since) => LOG.changes(since, 2)),
      timeline,
    );
    receiveReaction(timeline);
    await adding;
    expect(timeline.messages).toEqual(LOG.messagesAt(5));
  });

  it('rejects when the server does not have the changes after the page yet', async () => {
    const rest = restAt(2, (since) => LOG.changes(since, 2, 3));
    await expect(addOlderPage('general', rest, newestMessage())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});
