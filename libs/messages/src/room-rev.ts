import { RoomHead } from '@chat/contracts';
import type { z } from 'zod';

/** Rev of a room as one service knows it; used in calls between services. */
export const RoomRev = RoomHead.pick({ roomId: true, rev: true });
export type RoomRev = z.infer<typeof RoomRev>;
