import { ChatClient } from '@chat/client';
import { newCredentials } from '@chat/testing';

/** Runs `work` with an API client that is signed in as a new user. */
async function withApiClient<T>(url: string, work: (client: ChatClient) => Promise<T>): Promise<T> {
  const client = new ChatClient({ url });
  try {
    await client.session.register(newCredentials('program'));
    return await work(client);
  } finally {
    client.close();
  }
}

/** Creates an account and returns its username. */
export function createUser(url: string): Promise<string> {
  return withApiClient(url, async (client) => (await client.rest.me()).username);
}

/** Counts the messages with this text among the newest 200 messages of a public room. */
export function countStored(url: string, roomId: string, text: string): Promise<number> {
  return withApiClient(url, async (client) => {
    await client.room(roomId).open();
    const { messages } = await client.rest.history(roomId, { limit: 200 });
    return messages.filter((message) => message.text === text).length;
  });
}

/** Sends `message 1`, `message 2` … to a public room; resolves once all are stored. */
export function fillRoom(url: string, roomId: string, count: number): Promise<void> {
  return withApiClient(url, async (client) => {
    const room = client.room(roomId);
    await room.open();
    for (let n = 1; n <= count; n += 1) room.send(`message ${n}`);
    await new Promise<void>((resolve) => {
      const stop = room.subscribe(() => {
        const { pending, messages } = room.getSnapshot();
        if (pending.length > 0 || messages.at(-1)?.text !== `message ${count}`) return;
        stop();
        resolve();
      });
    });
  });
}
