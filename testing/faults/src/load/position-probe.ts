import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@chat/testing';
import type { DevicePosition, ListedRoom, ReadPositionLog } from '../check/observation.ts';
import { positionDifferences } from '../check/read-positions.ts';
import type { LibraryClient } from './library-user.ts';
import type { PlainClient } from './plain-client.ts';
import { movePosition } from './position-marker.ts';
import type { TestUser } from './test-user.ts';

/** The server writes the positions of senders once per second. */
const WRITTEN_AFTER_MS = 2_000;
/** Time limit for reads of the list of rooms. */
const READABLE_WITHIN_MS = 30_000;
/** Time limit for the devices of a user to agree. */
const AGREE_WITHIN_MS = 10_000;
const MOVE_EVERY_MS = 1_000;
/** Time for an event to arrive before the devices are compared. */
const ARRIVES_WITHIN_MS = 200;

/** A user with all devices. The last one moves the position, so that the others need the event. */
export interface UserDevices {
  readonly user: TestUser;
  readonly roomIds: readonly string[];
  readonly library: LibraryClient | undefined;
  readonly plain: readonly PlainClient[];
}

/**
 * Reads the positions of all users after the load. Then moves every position until all devices
 * show that of the server: events may be lost during the fault, but must arrive after it.
 */
export async function readPositionsOf(
  users: readonly UserDevices[],
): Promise<Pick<ReadPositionLog, 'stored' | 'settled' | 'devices'>> {
  await delay(WRITTEN_AFTER_MS);
  const stored = await listRoomsOf(users);
  const deadline = performance.now() + AGREE_WITHIN_MS;
  for (let round = 0; ; round += 1) {
    await Promise.all(stored.map((room) => moveBy(users, room, round % 2)));
    await delay(ARRIVES_WITHIN_MS);
    const settled = await listRoomsOf(users);
    const devices = users.flatMap(positionsOfDevices);
    const agree = [...positionDifferences(devices, settled)].length === 0;
    if (agree || performance.now() > deadline) return { stored, settled, devices };
    await delay(MOVE_EVERY_MS);
  }
}

/** Lists the rooms of one user after the other: a list reads the heads of all rooms of a series. */
async function listRoomsOf(users: readonly UserDevices[]): Promise<ListedRoom[]> {
  const listed: ListedRoom[] = [];
  for (const { user, roomIds } of users) {
    let rooms: readonly ListedRoom[] = [];
    await eventually(async () => (rooms = await user.listRooms()), READABLE_WITHIN_MS);
    const missing = { userId: user.id, seq: undefined, lastReadSeq: undefined, unread: undefined };
    for (const roomId of roomIds) {
      listed.push(rooms.find((room) => room.roomId === roomId) ?? { ...missing, roomId });
    }
  }
  return listed;
}

/** Moves a position away from the stored one in even rounds, and back in odd ones. */
async function moveBy(
  users: readonly UserDevices[],
  { userId, roomId, seq = 0, lastReadSeq = 0 }: ListedRoom,
  round: number,
): Promise<void> {
  const devices = users.find(({ user }) => user.id === userId);
  const other = lastReadSeq > 0 ? lastReadSeq - 1 : Math.min(1, seq);
  const target = round === 0 ? other : lastReadSeq;
  const device = devices?.plain.at(-1);
  if (device) await movePosition(device, { kind: 'markUnread', roomId, seq: target });
  // A failure is repeated in the next round, and the comparison of the devices reports it.
  else await devices?.library?.markUnread(roomId, target).catch(() => undefined);
}

function positionsOfDevices({ user, roomIds, library, plain }: UserDevices): DevicePosition[] {
  const ofPlain = plain.flatMap(({ name, positions }) =>
    roomIds.map((roomId): DevicePosition => {
      const { lastReadSeq, unread } = positions.get(roomId) ?? {};
      return { device: name, userId: user.id, roomId, lastReadSeq, unread };
    }),
  );
  return [...ofPlain, ...(library?.devicePositions() ?? [])];
}
