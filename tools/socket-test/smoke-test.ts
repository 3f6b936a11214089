import { ChatClient, type RoomConversation } from '@chat/client';
import { GENERAL_ROOM_ID, type Message } from '@chat/contracts';
import { randomBytes } from 'node:crypto';

const MESSAGES_EACH = 5;

/** Something was not as it must be; the message says what, in one line. */
class Difference extends Error {}

interface Person {
  client: ChatClient;
  name: string;
}

/**
 * Signs two users up at the server and lets them talk in a new public room and in `general`.
 * @param print called with one line for each step that went well
 * @param signal ends the test early
 * @throws Difference on the first thing that is not as it must be; ChatError when a call fails
 */
export async function smokeTest(
  url: string,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const clients = [new ChatClient({ url }), new ChatClient({ url })] as const;
  const close = (): void => clients.forEach((client) => client.close());
  signal.addEventListener('abort', close);
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    const begin = performance.now();
    const result = await work();
    print(`ok  ${what} (${Math.round(performance.now() - begin)} ms)`);
    return result;
  };

  try {
    const [ada, bob] = await step('two users signed up', () =>
      Promise.all([signUp(clients[0], 'ada'), signUp(clients[1], 'bob')]),
    );
    await step('both are connected', () =>
      Promise.all(clients.map((client) => client.connection.whenOnline(10_000))),
    );
    const newRoom = `smoke-${randomBytes(6).toString('hex')}`;
    for (const roomId of [newRoom, GENERAL_ROOM_ID]) {
      await talk(roomId, ada, bob, step);
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

async function talk(
  roomId: string,
  ada: Person,
  bob: Person,
  step: <T>(what: string, work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  const rooms: [RoomConversation, RoomConversation] = [
    ada.client.room(roomId),
    bob.client.room(roomId),
  ];
  const [seenByAda, seenByBob] = rooms.map(collect) as [Message[], Message[]];
  await step(`both joined ${roomId}`, () => Promise.all(rooms.map((room) => room.open())));

  const sent = new Map<string, string>();
  const send = (room: RoomConversation, { name }: Person): void => {
    for (let count = 1; count <= MESSAGES_EACH; count += 1) {
      const { clientMessageId, text } = room.send(`${name}: message ${count} of ${MESSAGES_EACH}`);
      sent.set(clientMessageId, text);
    }
  };
  await step(`${2 * MESSAGES_EACH} messages in ${roomId} seen live by both`, async () => {
    send(rooms[0], ada);
    send(rooms[1], bob);
    const arrived = (seen: Message[]): boolean => ours(seen, sent).length >= sent.size;
    await Promise.all([
      until(rooms[0], () => arrived(seenByAda)),
      until(rooms[1], () => arrived(seenByBob)),
    ]);
  });

  const history = await step(`the history of ${roomId} is what both saw`, async () => {
    const page = ours((await ada.client.rest.history(roomId, { limit: 200 })).messages, sent);
    compare(`${ada.name}'s live messages in ${roomId}`, ours(seenByAda, sent), page);
    compare(`${bob.name}'s live messages in ${roomId}`, ours(seenByBob, sent), page);
    return page;
  });
  for (const message of history) {
    const text = sent.get(message.clientMessageId ?? '');
    if (message.text !== text) throw new Difference(`"${text}" was stored as "${message.text}".`);
  }
  if (history.length !== sent.size) {
    throw new Difference(`${sent.size} messages were sent, ${history.length} are in the history.`);
  }
}

async function signUp(client: ChatClient, name: string): Promise<Person> {
  const unique = `${name}-${randomBytes(6).toString('hex')}`;
  await client.session.register({
    email: `${unique}@example.org`,
    password: randomBytes(18).toString('base64url'),
    username: unique,
  });
  return { client, name };
}

/** Everything that arrives live in the room from now on. */
function collect(room: RoomConversation): Message[] {
  const messages: Message[] = [];
  room.on('message', (message) => messages.push(message));
  return messages;
}

/** Others may be talking in the room too. */
function ours(messages: Message[], sent: ReadonlyMap<string, string>): Message[] {
  return messages.filter(({ clientMessageId }) => sent.has(clientMessageId ?? ''));
}

/** Resolves once the condition holds. @throws Difference when a message is refused for good */
function until(room: RoomConversation, condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const failed = room.getSnapshot().pending.find(({ state }) => state === 'failed');
      if (failed) reject(new Difference(`A message was refused: ${failed.error?.message}`));
      else if (condition()) resolve();
      else return;
      stop.forEach((end) => end());
    };
    const stop = [room.on('message', look), room.subscribe(look)];
    look();
  });
}

function compare(what: string, live: Message[], stored: Message[]): void {
  const list = (messages: Message[]): string[] =>
    messages.map(({ seq, id, text }) => `${seq} ${id} ${text}`);
  const [seen, expected] = [list(live), list(stored)];
  const length = Math.max(seen.length, expected.length);
  for (let index = 0; index < length; index += 1) {
    if (seen[index] === expected[index]) continue;
    throw new Difference(
      `${what} differ from the history at place ${index + 1}: ` +
        `saw ${seen[index] ?? 'nothing'}, stored is ${expected[index] ?? 'nothing'}.`,
    );
  }
}
