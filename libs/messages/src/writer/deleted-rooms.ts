import { Failure } from '@chat/platform/failures';

/** Looks up deleted rooms: writers store no further messages in them. */
export abstract class DeletedRooms {
  /**
   * Returns those of the rooms that were deleted. A room that was deleted in the last
   * seconds may be missing.
   */
  abstract deletedOf(roomIds: readonly string[]): Promise<Set<string>>;
}

/** A message cannot be stored because its room was deleted. The sender gets `NOT_FOUND`. */
export class DeletedRoomError extends Failure {
  override readonly name = 'DeletedRoomError';
  constructor() {
    super('NOT_FOUND', 'Room not found.');
  }
}
