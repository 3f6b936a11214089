import { z } from 'zod';
import { RoomId } from '../rooms/room-id.ts';

export const LeaveRoomPayload = z
  .union([RoomId.transform((roomId) => ({ roomId })), z.object({ roomId: RoomId })])
  .meta({ id: 'LeaveRoomPayload' });
export type LeaveRoomPayload = z.input<typeof LeaveRoomPayload>;
