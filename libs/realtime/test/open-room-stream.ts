import type { RoomChange } from '@chat/messages';
import type { FeedListener } from '../src/feed-subscriber.ts';
import type { RoomDirectory } from '../src/room-directory.ts';
import type { ChangeEvent } from '../src/rooms/change-event.ts';
import { RecentChanges } from '../src/rooms/recent-changes.ts';
import { RoomStream, type RoomOutlet } from '../src/rooms/room-stream.ts';

/** An outlet that records events; `fill()` makes it full. */
class Outlet implements RoomOutlet {
  readonly events: ChangeEvent[] = [];
  /** Revs of the emitted messages. */
  readonly revs: number[] = [];
  #capacity = Promise.withResolvers<void>();
  #full = false;

  emit(events: readonly ChangeEvent[]): void {
    this.events.push(...events);
    for (const event of events) {
      if (event.name !== 'roomHeads') this.revs.push(event.payload.rev);
    }
  }
  hasCapacity(): boolean {
    return !this.#full;
  }
  waitForCapacity(): Promise<void> {
    return this.#capacity.promise;
  }
  fill(): void {
    if (this.#full) return;
    this.#full = true;
    this.#capacity = Promise.withResolvers();
  }
  drain(): void {
    this.#full = false;
    this.#capacity.resolve();
  }
}

/** Opens a stream of the room `general` with a feed that the test controls. */
export async function openRoomStream(directory: RoomDirectory, recent = new RecentChanges()) {
  const outlet = new Outlet();
  let listener: FeedListener = () => undefined;
  let unsubscribed = false;
  const feed = {
    subscribe: (_roomId: string, given: FeedListener) => {
      listener = given;
      return Promise.resolve(() => {
        unsubscribed = true;
      });
    },
  };
  const stream = await RoomStream.open('general', feed, directory, recent, outlet);
  return {
    stream,
    outlet,
    feed: (...changes: RoomChange[]) => listener(changes),
    isUnsubscribed: () => unsubscribed,
  };
}
