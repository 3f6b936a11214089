import { describe, expect, it } from '@jest/globals';
import { MAX_PACKET_BYTES, RoomId, UserId } from '@chat/contracts';
import { MAX_REVS_PER_CALL, MAX_USERS_PER_CALL } from '@chat/realtime';
import { MAX_ROLES_PER_CALL, ROOM_DIRECTORY_CALLS } from './room-directory/room-directory-calls.ts';
import {
  ACTIVE_SESSIONS_CALL,
  MAX_SESSIONS_PER_CALL,
} from './session-status/session-status-calls.ts';

describe('a batched service call', () => {
  it('fits in a request body even with ids of maximum length', () => {
    const roomId = RoomId.parse('r'.repeat(64));
    const userId = UserId.parse('u'.repeat(64));
    const { rolesOf, newerRevs, positionsOf } = ROOM_DIRECTORY_CALLS;
    const fill = <T>(length: number, value: T): T[] => Array.from({ length }, () => value);
    const largestRequests = [
      rolesOf.request.parse({ memberships: fill(MAX_ROLES_PER_CALL, { userId, roomId }) }),
      newerRevs.request.parse({
        known: fill(MAX_REVS_PER_CALL, { roomId, rev: Number.MAX_SAFE_INTEGER }),
      }),
      positionsOf.request.parse({ userIds: fill(MAX_USERS_PER_CALL, userId) }),
      ACTIVE_SESSIONS_CALL.request.parse({
        sessionIds: fill(MAX_SESSIONS_PER_CALL, 's'.repeat(64)),
      }),
    ];
    for (const body of largestRequests) {
      expect(JSON.stringify(body).length).toBeLessThanOrEqual(MAX_PACKET_BYTES);
    }
  });
});
