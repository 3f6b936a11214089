import type { MessageDelta } from '@chat/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@chat/testing';
import { Clients } from '../../test/clients.ts';
import type { ScriptedServer } from '../../test/scripted-server.ts';
import type { ChatClient } from '../chat-client.ts';

let server: ScriptedServer;
let clients: Clients;
let ada: ChatClient;

beforeEach(async () => {
  clients = await Clients.start();
  ({ server } = clients);
  server.store('general', ['welcome']);
  ada = await clients.signedIn('ada');
  await eventually(() => expect(ada.rooms.getSnapshot().status).toBe('ready'));
});

afterEach(async () => {
  await clients.close();
});

function listedRooms(): [string, string | undefined][] {
  return ada.rooms.getSnapshot().rooms.map(({ id, lastMessage }) => [id, lastMessage?.text]);
}

describe('RoomList', () => {
  it('lists rooms with their last message, and updates it on a live message', async () => {
    expect(listedRooms()).toEqual([['general', 'welcome']]);
    await ada.room('general').open();
    server.store('general', ['news']);
    await eventually(() => expect(listedRooms()).toEqual([['general', 'news']]));
  });

  it('has the last message as it is after an edit and a deletion, unlike an earlier message', async () => {
    await ada.room('general').open();
    const [first] = server.messages('general');
    const [last] = server.store('general', ['news']);
    if (!first || !last) throw new Error('The room has messages.');
    const time = '2026-01-01T00:01:00.000Z';
    const edit = (text: string): MessageDelta => ({ kind: 'edited', text, editedAt: time });
    server.change('general', last.id, edit('edited'));
    server.change('general', first.id, edit('edited first'));
    await eventually(() => expect(listedRooms()).toEqual([['general', 'edited']]));
    server.change('general', last.id, { kind: 'deleted', deletedAt: time });
    await eventually(() => expect(listedRooms()).toEqual([['general', '']]));
    server.store('general', ['after']);
    await eventually(() => expect(listedRooms()).toEqual([['general', 'after']]));
  });

  it('marks the reactions to the last message that are from the user', async () => {
    await ada.room('general').open();
    const [message] = server.messages('general');
    if (!message) throw new Error('The room has a message.');
    const ownUserId = ada.session.user?.id ?? '';
    for (const [emoji, userId] of Object.entries({ '👍': ownUserId, '🎉': 'another-user' })) {
      server.change('general', message.id, { kind: 'reacted', emoji, userId, on: true });
    }
    await eventually(() =>
      expect(ada.rooms.getSnapshot().rooms[0]?.lastMessage?.reactions).toMatchObject([
        { emoji: '👍', mine: true },
        { emoji: '🎉', mine: false },
      ]),
    );
  });

  it('is updated on roomAdded, roomUpdated and roomRemoved', async () => {
    server.store('lunch', ['hungry?']);
    const room = {
      id: 'lunch',
      name: 'lunch',
      visibility: 'public' as const,
      createdAt: '2026-01-01T00:00:00Z',
    };
    server.emit('roomAdded', room);
    await eventually(() => expect(listedRooms()).toContainEqual(['lunch', 'hungry?']));
    server.emit('roomUpdated', { ...room, topic: 'noon' });
    await eventually(() =>
      expect(ada.rooms.getSnapshot().rooms.find(({ id }) => id === 'lunch')?.topic).toBe('noon'),
    );
    server.emit('roomRemoved', { roomId: 'lunch' });
    await eventually(() => expect(listedRooms()).toEqual([['general', 'welcome']]));
  });

  it('has the last message and the unread count of a room that is not open', async () => {
    const [message] = server.store('general', ['badge'], { live: false });
    server.emit('roomHeads', [
      { roomId: 'general', seq: 2, rev: 2, unread: 2, ...(message && { lastMessage: message }) },
    ]);
    await eventually(() => expect(listedRooms()).toEqual([['general', 'badge']]));
    expect(ada.rooms.getSnapshot().rooms[0]).toMatchObject({ seq: 2, rev: 2, unread: 2 });
  });

  it('shows a message that arrives after a head without it', async () => {
    await ada.room('general').open();
    server.emit('roomHeads', [{ roomId: 'general', seq: 2, rev: 2 }]);
    server.store('general', ['news']);
    await eventually(() => expect(listedRooms()).toEqual([['general', 'news']]));
  });

  it('ignores a head that is older than the room', async () => {
    await ada.room('general').open();
    const [older] = server.store('general', ['older']);
    server.store('general', ['newer']);
    await eventually(() => expect(listedRooms()).toEqual([['general', 'newer']]));
    const head = { roomId: 'general', seq: 2, rev: 2, ...(older && { lastMessage: older }) };
    server.emit('roomHeads', [head]);
    server.emit('roomRemoved', { roomId: 'other' });
    server.store('general', ['newest']);
    await eventually(() => expect(listedRooms()).toEqual([['general', 'newest']]));
    expect(ada.rooms.getSnapshot().rooms[0]?.seq).toBe(4);
  });

  it('is refetched after a reconnect', async () => {
    await server.stop();
    server.store('general', ['while offline']);
    await server.resume();
    await eventually(() => expect(listedRooms()).toEqual([['general', 'while offline']]));
  });

  it('retains its rooms while GET /rooms returns 503, and retries until it succeeds', async () => {
    let failures = 4;
    server.intercept = (call) =>
      call === 'GET /rooms' && failures-- > 0 ? { status: 503 } : undefined;
    void ada.rooms.refresh();
    await eventually(() => expect(ada.rooms.getSnapshot().error?.code).toBe('UNAVAILABLE'));
    expect(listedRooms()).toEqual([['general', 'welcome']]);
    await eventually(() => expect(ada.rooms.getSnapshot().error).toBeUndefined());
  });

  it('is empty and loading after a logout', async () => {
    await ada.session.logout();
    expect(ada.rooms.getSnapshot()).toEqual({ status: 'loading', rooms: [] });
  });
});
