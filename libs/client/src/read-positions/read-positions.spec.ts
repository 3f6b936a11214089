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
  server.store('general', ['one', 'two', 'three']);
  ada = await clients.signedIn('ada');
  await eventually(() => expect(ada.rooms.getSnapshot().status).toBe('ready'));
});

afterEach(async () => {
  await clients.close();
});

function position(client = ada): [lastReadSeq: number | undefined, unread: number | undefined] {
  const room = client.rooms.getSnapshot().rooms.find(({ id }) => id === 'general');
  return [room?.lastReadSeq, room?.unread];
}

describe('ReadPositions', () => {
  it('counts the messages after the read position as unread', async () => {
    expect(position()).toEqual([0, 3]);
    await ada.room('general').open();
    server.store('general', ['four']);
    await eventually(() => expect(position()).toEqual([0, 4]));
  });

  it('shows a position at once and moves it on the server', async () => {
    ada.readPositions.markRead('general', 2);
    expect(position()).toEqual([2, 1]);
    await ada.rooms.refresh();
    expect(position()).toEqual([2, 1]);
    await eventually(() => expect(ada.readPositions.unacknowledged('general')).toBeUndefined());
    await ada.rooms.refresh();
    expect(position()).toEqual([2, 1]);
  });

  it('sends the first of many positions at once, and of the others only the last', async () => {
    for (const seq of [1, 2, 3]) ada.readPositions.markRead('general', seq);
    await eventually(() => expect(server.markReads.at(-1)?.seq).toBe(3));
    expect(server.markReads.map(({ seq }) => seq)).toEqual([1, 3]);
  });

  it('does not move a position back when an earlier message is marked as read', async () => {
    ada.readPositions.markRead('general', 3);
    ada.readPositions.markRead('general', 1);
    expect(position()).toEqual([3, 0]);
    await eventually(() => expect(ada.readPositions.unacknowledged('general')).toBeUndefined());
    expect(server.markReads.map(({ seq }) => seq)).toEqual([3]);
  });

  it('sends a position again after a lost connection and a retryable error', async () => {
    const outcomes = ['break-before', { code: 'UNAVAILABLE', message: 'Later.' }] as const;
    server.markReadOutcome = (count) => outcomes[count - 1] ?? 'ok';
    ada.readPositions.markRead('general', 2);
    await eventually(() => expect(ada.readPositions.unacknowledged('general')).toBeUndefined());
    expect(server.markReads.map(({ seq }) => seq)).toEqual([2, 2, 2]);
    await ada.rooms.refresh();
    expect(position()).toEqual([2, 1]);
  });

  it('drops a position that the server rejects for good', async () => {
    server.markReadOutcome = () => ({ code: 'NOT_FOUND', message: 'Room not found.' });
    ada.readPositions.markRead('general', 2);
    await eventually(() => expect(ada.readPositions.unacknowledged('general')).toBeUndefined());
    expect(server.markReads).toHaveLength(1);
  });

  it('sends the positions that were read offline after a reconnect', async () => {
    await server.stop();
    await eventually(() => expect(ada.connection.online).toBe(false));
    ada.readPositions.markRead('general', 2);
    ada.readPositions.markRead('general', 3);
    expect(position()).toEqual([3, 0]);
    await server.resume();
    await eventually(() => expect(server.markReads.map(({ seq }) => seq)).toEqual([3]));
    await eventually(() => expect(ada.rooms.getSnapshot().error).toBeUndefined());
    expect(position()).toEqual([3, 0]);
  });

  it('follows the position of another device of the user, forward and back', async () => {
    server.moveReadPosition('user-ada', 'general', 3);
    await eventually(() => expect(position()).toEqual([3, 0]));
    server.moveReadPosition('user-ada', 'general', 1);
    await eventually(() => expect(position()).toEqual([1, 2]));
  });

  it('keeps an unacknowledged position when another device has read less', async () => {
    server.markReadOutcome = () => 'ignore';
    ada.readPositions.markRead('general', 3);
    server.moveReadPosition('user-ada', 'general', 1);
    server.emit('roomRemoved', { roomId: 'other' });
    await eventually(() => expect(server.markReads).toHaveLength(1));
    await ada.rooms.refresh();
    expect(position()).toEqual([3, 0]);
  });

  it('follows another device that has read more than an unacknowledged position', async () => {
    server.markReadOutcome = () => 'ignore';
    ada.readPositions.markRead('general', 1);
    server.moveReadPosition('user-ada', 'general', 3);
    await eventually(() => expect(position()).toEqual([3, 0]));
    await ada.rooms.refresh();
    expect(position()).toEqual([3, 0]);
  });

  it('moves back when messages are marked as unread', async () => {
    ada.readPositions.markRead('general', 3);
    await ada.readPositions.markUnread('general', 1);
    expect(position()).toEqual([1, 2]);
    await ada.rooms.refresh();
    expect(position()).toEqual([1, 2]);
  });

  it('moves past a message of the user', async () => {
    await ada.room('general').open();
    ada.room('general').send('mine');
    await eventually(() => expect(position()).toEqual([4, 0]));
  });

  it('forgets the positions of a user who signs out', async () => {
    server.markReadOutcome = () => 'ignore';
    ada.readPositions.markRead('general', 2);
    await ada.session.logout();
    expect(ada.readPositions.unacknowledged('general')).toBeUndefined();
  });
});
