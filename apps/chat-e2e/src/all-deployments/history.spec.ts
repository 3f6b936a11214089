import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import type { TestUser } from '../support/test-user.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { uniqueRoom } from '../support/unique-room.ts';

const COUNT = 137;

describeChat('GET /messages/history/:roomId', () => {
  let server: ChatUnderTest;
  let ann: TestUser;
  const long = uniqueRoom('long');

  const get = (query: string) => ann.call<Message[]>('GET', `/messages/history/${long}${query}`);
  const seqs = async (query: string): Promise<number[]> =>
    (await get(query)).body.map(({ seq }) => seq);
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);

  beforeAll(async () => {
    server = await sharedChat();
    ann = await server.register();
    const socket = await ann.connect();
    await emitWithAck(socket, 'joinRoom', long);
    await Promise.all(
      range(1, COUNT).map((n) =>
        emitWithAck(socket, 'sendMessage', { roomId: long, text: `message ${n}` }),
      ),
    );
    await ann.waitForSeq(long, COUNT);
  });
  afterAll(() => server.close());

  it('returns the newest page, oldest first, with the room seq, rev and edit window by default', async () => {
    const { body, headers } = await get('');
    expect(body.map(({ seq }) => seq)).toEqual(range(COUNT - 49, COUNT));
    expect(body.at(-1)?.text).toBe(`message ${COUNT}`);
    expect(headers.get('x-room-seq')).toBe(String(COUNT));
    expect(headers.get('x-room-rev')).toBe(String(COUNT));
    expect(headers.get('x-edit-window')).toBe('86400');
  });

  it('returns the messages before, after or around a seq', async () => {
    expect(await seqs('?before=11&limit=5')).toEqual(range(6, 10));
    expect(await seqs('?before=3&limit=5')).toEqual([1, 2]);
    expect(await seqs('?before=1')).toEqual([]);
    expect(await seqs('?after=0&limit=3')).toEqual([1, 2, 3]);
    expect(await seqs(`?after=${COUNT}`)).toEqual([]);
    expect(await seqs('?around=70&limit=5')).toEqual(range(68, 72));
    expect(await seqs('?around=1&limit=5')).toEqual(range(1, 5));
    expect(await seqs(`?around=${COUNT}&limit=5`)).toEqual(range(COUNT - 4, COUNT));
    expect(await seqs('?limit=200')).toEqual(range(1, COUNT));
  });

  it.each([
    ['prev', '?limit=20'],
    ['next', '?after=0&limit=20'],
  ])('returns every message once when a client follows the %s links', async (rel, firstQuery) => {
    const found: number[] = [];
    let path: string | undefined = `/messages/history/${long}${firstQuery}`;
    while (path !== undefined) {
      const { body, headers } = await ann.call<Message[]>('GET', path);
      found.push(...body.map(({ seq }) => seq));
      const links: string = headers.get('link') ?? '';
      path = new RegExp(`<([^>]+)>; rel="${rel}"`).exec(links)?.[1];
    }
    expect(found.toSorted((a, b) => a - b)).toEqual(range(1, COUNT));
  });

  it('returns no messages for an empty room and needs no membership in a public room', async () => {
    const bob = await server.register();
    const empty = await ann.createRoom({ name: uniqueRoom('empty'), visibility: 'public' });
    const { body, headers } = await bob.call<Message[]>('GET', `/messages/history/${empty.id}`);
    expect(body).toEqual([]);
    expect(headers.get('x-room-seq')).toBe('0');
    expect(headers.get('link')).toBeNull();
    const newest = await bob.call<Message[]>('GET', `/messages/history/${long}?limit=1`);
    expect(newest.body).toHaveLength(1);
  });
});
