import type { ReadPositionLog } from '../src/check/observation.ts';

/** Returns the log of a user who has marked the first of three messages as read. */
export function movedPosition(roomId: string): ReadPositionLog {
  return {
    requests: [
      {
        name: 'mark-1',
        kind: 'markRead',
        roomId,
        userId: 'reader',
        seq: 1,
        startedAt: 10,
        attempts: [
          {
            startedAt: 10,
            connection: 'reader/1',
            outcome: { kind: 'ok', position: { lastReadSeq: 1, unread: 0 }, time: 11 },
          },
        ],
      },
    ],
    events: [
      {
        connection: 'reader/2',
        userId: 'reader',
        payload: { roomId, lastReadSeq: 1, unread: 0 },
        time: 12,
      },
    ],
    nonMemberEvents: 0,
    stored: [],
    settled: [{ userId: 'reader', roomId, seq: 3, lastReadSeq: 1, unread: 2 }],
    devices: [{ device: 'phone', userId: 'reader', roomId, lastReadSeq: 1, unread: 2 }],
  };
}
