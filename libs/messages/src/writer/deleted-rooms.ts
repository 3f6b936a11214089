import { Failure } from '@chat/platform';

/** Which rooms were deleted: their writers store nothing more for them. */
export abstract class DeletedRooms {
  /**
   * Those of the rooms that were deleted. A room that was deleted within the last
   * seconds may be missing.
   */
  abstract deletedOf(roomIds: readonly string[]): Promise<Set<string>>;
}

/** A message cannot be stored, because its room was deleted; to its sender, that room does not exist. */
export class DeletedRoomError extends Failure {
  override readonly name = 'DeletedRoomError';
  constructor() {
    super('NOT_FOUND', 'There is no such room.');
  }
}
