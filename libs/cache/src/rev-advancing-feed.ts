import type { Message } from '@chat/contracts';
import { FeedPublisher } from '@chat/messages';
import type { RoomRevs } from './room-revs.ts';

/**
 * The feed, with the cache told first: over the same connection, so that whoever
 * is shown a message finds it in the history. What cannot be told expires.
 */
export class RevAdvancingFeed extends FeedPublisher {
  constructor(
    private readonly feed: FeedPublisher,
    private readonly revs: RoomRevs,
  ) {
    super();
  }

  publish(roomId: string, changes: readonly Message[]): void {
    const last = changes.at(-1);
    if (last) this.revs.advance(roomId, last.rev).catch(() => undefined);
    this.feed.publish(roomId, changes);
  }
}
