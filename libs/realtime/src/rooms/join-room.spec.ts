import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JoinRoomResult } from '@chat/contracts';
import { Logger } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import type { LiveSockets } from '../live-sockets.ts';
import type { RoomDirectory } from '../room-directory.ts';
import { JoinRoom } from './join-room.ts';
import { Memberships } from './memberships.ts';
import type { RoomStream } from './room-stream.ts';
import type { RoomStreams } from './room-streams.ts';

describe('a join', () => {
  let memberships: Memberships;
  let opened: PromiseWithResolvers<RoomStream>;
  let answers: JoinRoomResult[];
  let inRoom: boolean;
  let join: () => Promise<void>;
  let leave: () => void;

  beforeEach(() => {
    Logger.overrideLogger(false);
    const head = { roomId: 'den', seq: 0, rev: 0 };
    const directory: Pick<RoomDirectory, 'join'> = {
      join: () => Promise.resolve({ role: 'member', head }),
    };
    memberships = new Memberships(directory as RoomDirectory);
    opened = Promise.withResolvers();
    const streams: Pick<RoomStreams, 'hold' | 'release'> = {
      hold: () => opened.promise,
      release: () => undefined,
    };
    const sockets: Pick<LiveSockets, 'enterRoom' | 'leaveRoom'> = {
      enterRoom: () => (inRoom = true),
      leaveRoom: () => (inRoom = false),
    };
    inRoom = false;
    const joins = new JoinRoom(
      memberships,
      directory as RoomDirectory,
      streams as RoomStreams,
      sockets as LiveSockets,
    );
    const socket: unknown = { connected: true, data: { identity: { userId: 'ann' } } };
    answers = [];
    leave = () => joins.leave(socket as ChatSocket, 'den');
    join = () => joins.join(socket as ChatSocket, { roomId: 'den' }, (one) => answers.push(one));
  });

  const open = (): void => {
    const stream: Partial<RoomStream> = {
      position: { roomId: 'den', seq: 0, rev: 0 },
      reach: () => Promise.resolve(),
    };
    opened.resolve(stream as RoomStream);
  };

  it('succeeds where the membership was forgotten meanwhile, for there are so many', async () => {
    const joining = join();
    await new Promise(setImmediate);
    for (let index = 0; index < 100_000; index += 1) memberships.tell('bob', `${index}`, 'member');
    open();
    await joining;
    expect(answers).toEqual([{ roomId: 'den', seq: 0, rev: 0, role: 'member' }]);
  });

  it('fails where the user was removed meanwhile', async () => {
    const joining = join();
    await new Promise(setImmediate);
    memberships.tell('ann', 'den', undefined);
    open();
    await expect(joining).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(answers).toEqual([]);
  });

  it('that the socket leaves again before it is answered does not bring it in', async () => {
    const joining = join();
    await new Promise(setImmediate);
    leave();
    open();
    await joining;
    expect(answers).toHaveLength(1);
    expect(inRoom).toBe(false);
  });

  it('brings the socket in when it comes after the leave, whatever is still under way', async () => {
    const first = join();
    leave();
    const second = join();
    open();
    await Promise.all([first, second]);
    expect(answers).toHaveLength(2);
    expect(inRoom).toBe(true);
    leave();
    expect(inRoom).toBe(false);
  });
});
