import { ChatClient, type RoomConversation } from '@chat/client';
import { GENERAL_ROOM_ID, type Message } from '@chat/contracts';
import { randomBytes } from 'node:crypto';

const MESSAGES_PER_USER = 5;

/** A failed check, described by a one-line message. */
class CheckFailure extends Error {}

interface SmokeUser {
  client: ChatClient;
  name: string;
}

/**
 * Registers two users, who exchange messages in a new public room and in `general`.
 *
 * @param print receives one line for each passed step
 * @param signal aborts the test
 * @throws CheckFailure on the first failed check; ChatError when a request fails
 */
export async function smokeTest(
  url: string,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const clients = [new ChatClient({ url }), new ChatClient({ url })] as const;
  const close = (): void => clients.forEach((client) => client.close());
  signal.addEventListener('abort', close);
  const step = async <T>(description: string, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const result = await work();
    print(`ok  ${description} (${Math.round(performance.now() - startedAt)} ms)`);
    return result;
  };

  try {
    const [ada, bob] = await step('registered two users', () =>
      Promise.all([register(clients[0], 'ada'), register(clients[1], 'bob')]),
    );
    await step('connected both users', () =>
      Promise.all(clients.map((client) => client.connection.whenOnline(10_000))),
    );
    const newRoom = `smoke-${randomBytes(6).toString('hex')}`;
    for (const roomId of [newRoom, GENERAL_ROOM_ID]) {
      await exchangeMessages(roomId, ada, bob, step);
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

async function exchangeMessages(
  roomId: string,
  ada: SmokeUser,
  bob: SmokeUser,
  step: <T>(description: string, work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  const rooms: [RoomConversation, RoomConversation] = [
    ada.client.room(roomId),
    bob.client.room(roomId),
  ];
  const [receivedByAda, receivedByBob] = rooms.map(collect) as [Message[], Message[]];
  await step(`both joined ${roomId}`, () => Promise.all(rooms.map((room) => room.open())));

  const sent = new Map<string, string>();
  const send = (room: RoomConversation, { name }: SmokeUser): void => {
    for (let count = 1; count <= MESSAGES_PER_USER; count += 1) {
      const { clientMessageId, payload } = room.send(
        `${name}: message ${count}/${MESSAGES_PER_USER}`,
      );
      sent.set(clientMessageId, payload.text);
    }
  };
  await step(`${2 * MESSAGES_PER_USER} messages delivered to both in ${roomId}`, async () => {
    send(rooms[0], ada);
    send(rooms[1], bob);
    const arrived = (received: Message[]): boolean =>
      ownMessages(received, sent).length >= sent.size;
    await Promise.all([
      until(rooms[0], () => arrived(receivedByAda)),
      until(rooms[1], () => arrived(receivedByBob)),
    ]);
  });

  const history = await step(`the history of ${roomId} equals the delivered messages`, async () => {
    const { messages } = await ada.client.rest.history(roomId, { limit: 200 });
    const page = ownMessages(messages, sent);
    compare(`${ada.name}'s live messages in ${roomId}`, ownMessages(receivedByAda, sent), page);
    compare(`${bob.name}'s live messages in ${roomId}`, ownMessages(receivedByBob, sent), page);
    return page;
  });
  for (const message of history) {
    const text = sent.get(message.clientMessageId ?? '');
    if (message.text !== text) throw new CheckFailure(`"${text}" was stored as "${message.text}".`);
  }
  if (history.length !== sent.size) {
    throw new CheckFailure(`${sent.size} messages sent, ${history.length} in the history.`);
  }
}

async function register(client: ChatClient, name: string): Promise<SmokeUser> {
  const unique = `${name}-${randomBytes(6).toString('hex')}`;
  await client.session.register({
    email: `${unique}@example.org`,
    password: randomBytes(18).toString('base64url'),
    username: unique,
  });
  return { client, name };
}

/** Collects the messages that the room delivers from now on. */
function collect(room: RoomConversation): Message[] {
  const messages: Message[] = [];
  room.on('message', (message) => messages.push(message));
  return messages;
}

/** Selects the messages of this test: other users may also send to the room. */
function ownMessages(messages: Message[], sent: ReadonlyMap<string, string>): Message[] {
  return messages.filter(({ clientMessageId }) => sent.has(clientMessageId ?? ''));
}

/**
 * Waits until the condition holds.
 *
 * @throws CheckFailure when a message is rejected permanently
 */
function until(room: RoomConversation, condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      const failed = room.getSnapshot().pending.find(({ state }) => state === 'failed');
      if (failed) reject(new CheckFailure(`A message was rejected: ${failed.error?.message}`));
      else if (condition()) resolve();
      else return;
      stop.forEach((end) => end());
    };
    const stop = [room.on('message', check), room.subscribe(check)];
    check();
  });
}

function compare(description: string, live: Message[], stored: Message[]): void {
  const list = (messages: Message[]): string[] =>
    messages.map(({ seq, id, text }) => `${seq} ${id} ${text}`);
  const [received, expected] = [list(live), list(stored)];
  const length = Math.max(received.length, expected.length);
  for (let index = 0; index < length; index += 1) {
    if (received[index] === expected[index]) continue;
    throw new CheckFailure(
      `${description} differ from the history at position ${index + 1}: ` +
        `received ${received[index] ?? 'nothing'}, stored ${expected[index] ?? 'nothing'}.`,
    );
  }
}
