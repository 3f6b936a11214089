import type { Message } from '@chat/contracts';

/** Returns a message of the room `den`. */
export function message(seq: number, overrides: Partial<Message> = {}): Message {
  return {
    id: `message-${seq}`,
    roomId: 'den',
    seq,
    rev: seq,
    userId: 'ada',
    username: 'Ada',
    text: `message ${seq}`,
    timestamp: '2026-01-02T03:04:05.678Z',
    ...overrides,
  };
}
