import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RoomSummary, ServerPayload } from '@chat/contracts';
import { until } from '@chat/testing';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import type { ClientSocket, TestUser } from '../support/test-user.ts';
import { uniqueRoom } from '../support/unique-room.ts';

type Heads = ServerPayload<'roomHeads'>;

/** A user with a socket that has joined no room. */
interface Listener {
  readonly user: TestUser;
  readonly socket: ClientSocket;
  /** The `roomHeads` events, in order of arrival. */
  readonly events: Heads[];
  /** Returns the heads of a room, in order of arrival. */
  readonly headsOf: (roomId: string) => Heads;
}

describeChat('the user channel', () => {
  let server: ChatUnderTest;
  beforeAll(async () => {
    server = await sharedChat();
  });
  afterAll(() => server.close());

  async function listener(): Promise<Listener> {
    const user = await server.register();
    return listen(user);
  }

  async function listen(user: TestUser): Promise<Listener> {
    const socket = await user.connect();
    const events: Heads[] = [];
    socket.on('roomHeads', (heads) => events.push(heads));
    const headsOf = (roomId: string) => events.flat().filter((head) => head.roomId === roomId);
    return { user, socket, events, headsOf };
  }

  /** Creates a private room of the owner with these members. */
  async function privateRoom(owner: Listener, ...members: Listener[]): Promise<RoomSummary> {
    const room = await owner.user.createRoom({ name: 'plans', visibility: 'private' });
    for (const { user } of members) await addMember(owner, room.id, user);
    return room;
  }

  async function addMember(owner: Listener, roomId: string, { id }: TestUser): Promise<void> {
    const { status } = await owner.user.call('POST', `/rooms/${roomId}/members`, { userId: id });
    expect(status).toBe(201);
  }

  async function send({ socket }: Listener, roomId: string, text: string): Promise<string> {
    const ack = await emitWithAck(socket, 'sendMessage', { roomId, text });
    if (!ack.ok) throw new Error(ack.error.message);
    return ack.id;
  }

  /** Waits for the head of a room with this seq, and returns it. */
  async function headWith(member: Listener, roomId: string, seq: number) {
    const find = () => member.headsOf(roomId).find((head) => head.seq === seq);
    await until(`the head of ${roomId} with seq ${seq} arrives`, () => find() !== undefined);
    return find();
  }

  it('sends the head of a room that was never opened, with the last message and the unread count', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const room = await privateRoom(ann, bob);
    await send(ann, room.id, 'first');
    const first = await headWith(bob, room.id, 1);
    expect(first).toMatchObject({ rev: 1, unread: 1, lastMessage: { text: 'first' } });
    expect(first?.since).toBeUndefined();
    await send(ann, room.id, 'second');
    const second = await headWith(bob, room.id, 2);
    const [stored] = (await bob.user.history(room.id, 2)).slice(-1);
    expect(second).toEqual({ roomId: room.id, seq: 2, rev: 2, unread: 2, lastMessage: stored });
  });

  it('counts the unread messages from the position that the user has marked read', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const room = await privateRoom(ann, bob);
    for (const text of ['1', '2', '3']) await send(ann, room.id, text);
    await bob.user.waitForSeq(room.id, 3);
    const device = await listen(bob.user);
    const read = await emitWithAck(device.socket, 'markRead', { roomId: room.id, seq: 2 });
    expect(read).toMatchObject({ ok: true, unread: 1 });
    await send(ann, room.id, '4');
    expect(await headWith(bob, room.id, 4)).toMatchObject({ unread: 2 });
  });

  it('counts no unread messages for the sender', async () => {
    const ann = await listener();
    const room = await privateRoom(ann);
    await send(ann, room.id, 'note to self');
    expect(await headWith(ann, room.id, 1)).toMatchObject({ unread: 0 });
  });

  it('sends a head to a socket that connects after the user became a member', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const room = await privateRoom(ann, bob);
    bob.socket.disconnect();
    await send(ann, room.id, 'while bob is offline');
    const again = await listen(bob.user);
    await send(ann, room.id, 'welcome back');
    expect(await headWith(again, room.id, 2)).toMatchObject({ unread: 2 });
  });

  it('sends no head of a room to users who are not members, whether it is public or private', async () => {
    const [ann, bob, eve] = [await listener(), await listener(), await listener()];
    const secret = await privateRoom(ann, bob);
    const name = uniqueRoom('square');
    const open = await ann.user.createRoom({ name, visibility: 'public' });
    await addMember(ann, open.id, bob.user);
    for (const { id } of [secret, open]) {
      await send(ann, id, 'only for members');
      await headWith(bob, id, 1);
    }
    expect(eve.events).toEqual([]);
  });

  it('sends no more heads after the user has left or been removed from the room', async () => {
    const [ann, bob, cid] = [await listener(), await listener(), await listener()];
    const room = await privateRoom(ann, bob, cid);
    await send(ann, room.id, 'before');
    await Promise.all([headWith(bob, room.id, 1), headWith(cid, room.id, 1)]);
    const removed = new Set<Listener>();
    for (const member of [bob, cid]) {
      member.socket.on('roomRemoved', ({ roomId }) => {
        if (roomId === room.id) removed.add(member);
      });
    }
    await bob.user.call('DELETE', `/rooms/${room.id}/members/${bob.user.id}`);
    await ann.user.call('DELETE', `/rooms/${room.id}/members/${cid.user.id}`);
    await until('both sockets receive roomRemoved', () => removed.size === 2);
    const witness = await listener();
    await addMember(ann, room.id, witness.user);
    await send(ann, room.id, 'after');
    await headWith(witness, room.id, 2);
    expect(bob.headsOf(room.id).length + cid.headsOf(room.id).length).toBe(2);
  });

  it('sends few heads for a burst of 100 messages, and the last of them is the latest', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const room = await privateRoom(ann, bob);
    const begin = performance.now();
    await Promise.all(Array.from({ length: 100 }, (_, n) => send(ann, room.id, `message ${n}`)));
    expect(await headWith(bob, room.id, 100)).toMatchObject({ unread: 100 });
    const seconds = (performance.now() - begin) / 1_000;
    expect(bob.headsOf(room.id).length).toBeLessThanOrEqual(2 + seconds);
    expect(bob.headsOf(room.id).at(-1)?.seq).toBe(100);
  });

  it('sends the heads of several rooms together', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const roomIds: string[] = [];
    for (let count = 0; count < 10; count += 1) {
      roomIds.push((await privateRoom(ann, bob)).id);
    }
    await Promise.all(roomIds.map((roomId) => send(ann, roomId, 'hello')));
    for (const roomId of roomIds) await headWith(bob, roomId, 1);
    expect(bob.events.length).toBeLessThan(roomIds.length);
  });

  it('sends the text of an edited last message, and no text after it was deleted', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const room = await privateRoom(ann, bob);
    const messageId = await send(ann, room.id, 'a secret');
    await ann.user.waitForMessage(room.id, messageId);
    const change = { roomId: room.id, messageId };
    await emitWithAck(ann.socket, 'editMessage', { ...change, text: 'edited' });
    await until('the edit arrives', () => bob.headsOf(room.id).at(-1)?.rev === 2);
    expect(bob.headsOf(room.id).at(-1)?.lastMessage?.text).toBe('edited');
    await emitWithAck(ann.socket, 'deleteMessage', change);
    await until('the deletion arrives', () => bob.headsOf(room.id).at(-1)?.rev === 3);
    const { lastMessage, seq, unread } = bob.headsOf(room.id).at(-1) ?? {};
    expect([lastMessage?.text, seq, unread]).toEqual(['', 1, 1]);
    expect(lastMessage?.deletedAt).toBeDefined();
  });

  it('sends a socket that has joined the room only its messages, and the other socket of the user its head', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const other = await listen(bob.user);
    const room = await privateRoom(ann, bob);
    await emitWithAck(bob.socket, 'joinRoom', room.id);
    const received: string[] = [];
    bob.socket.on('receiveMessage', ({ text }) => received.push(text));
    await send(ann, room.id, 'hello');
    await headWith(other, room.id, 1);
    await until('the message arrives', () => received.length === 1);
    for (const head of bob.headsOf(room.id)) {
      expect([head.lastMessage, head.unread]).toEqual([undefined, undefined]);
    }
  });

  it('tells all sockets of a user about added, changed and removed rooms, joined or not', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const sockets = [bob.socket, (await listen(bob.user)).socket, (await listen(ann.user)).socket];
    const events: string[][] = sockets.map(() => []);
    for (const [index, socket] of sockets.entries()) {
      socket.on('roomAdded', () => events[index]?.push('added'));
      socket.on('roomUpdated', ({ topic }) => events[index]?.push(`updated: ${topic}`));
      socket.on('roomRemoved', () => events[index]?.push('removed'));
    }
    const expected: string[] = [];
    const expectNext = async (event: string): Promise<void> => {
      expected.push(event);
      await until(`all sockets receive "${event}"`, () =>
        events.every((received) => received.length >= expected.length),
      );
      expect(events).toEqual(sockets.map(() => expected));
    };
    const room = await privateRoom(ann, bob);
    await expectNext('added');
    await emitWithAck(bob.socket, 'joinRoom', room.id);
    await ann.user.call('PATCH', `/rooms/${room.id}`, { topic: 'travel' });
    await expectNext('updated: travel');
    await ann.user.call('DELETE', `/rooms/${room.id}`);
    await expectNext('removed');
  });

  it('tells a user about a room that was joined on another device', async () => {
    const [ann, bob] = [await listener(), await listener()];
    const name = uniqueRoom('lobby');
    await ann.user.createRoom({ name, visibility: 'public' });
    const added: string[] = [];
    bob.socket.on('roomAdded', ({ id }) => added.push(id));
    const device = await listen(bob.user);
    await emitWithAck(device.socket, 'joinRoom', name);
    await until('the other socket hears of the room', () => added.includes(name));
    await send(ann, name, 'hello');
    expect(await headWith(bob, name, 1)).toMatchObject({ unread: 1 });
  });
});
