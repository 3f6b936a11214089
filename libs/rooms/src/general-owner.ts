import { GENERAL_ROOM_ID, type Room } from '@chat/contracts';
import { withTimeout } from '@chat/platform/failures';
import { Injectable, Logger } from '@nestjs/common';
import { MembershipSignals } from './membership-signals.ts';
import { RoomStore } from './room-store.ts';
import { UserDirectory } from './user-directory.ts';

/** How long a join waits for the directory: much less than a caller waits for the join. */
const MAX_WAIT_MS = 500;

/** Makes the first account of the installation the owner of `general`, which no user creates. */
@Injectable()
export class GeneralOwner {
  readonly #logger = new Logger(GeneralOwner.name);
  /** Whether `general` has an owner; a room that has one never loses it. */
  #isKnown = false;
  #firstUserId: string | undefined;
  #asking: Promise<void> | undefined;

  constructor(
    private readonly store: RoomStore,
    private readonly directory: UserDirectory,
    private readonly membershipSignals: MembershipSignals,
  ) {}

  /**
   * Makes a member of `general` its owner if the user has the first account and there is no owner.
   * While the directory is unavailable it does nothing, and asks again at the next call.
   *
   * @returns whether the user has become the owner
   */
  async appointFirst(room: Room, userId: string): Promise<boolean> {
    if (room.id !== GENERAL_ROOM_ID || this.#isKnown) return false;
    if ((await this.#firstUser()) !== userId) return false;
    const appointed = await this.store.appointOwner(room.id, userId);
    // A member is refused only if there is an owner.
    this.#isKnown = appointed || (await this.store.findMember(room.id, userId)) !== undefined;
    if (appointed) this.membershipSignals.publish(room, userId, 'owner');
    return appointed;
  }

  /** Returns the user with the first account; undefined while the directory does not respond. */
  async #firstUser(): Promise<string | undefined> {
    if (this.#firstUserId === undefined) {
      this.#asking ??= this.#ask();
      await withTimeout(this.#asking, MAX_WAIT_MS).catch(() => undefined);
    }
    return this.#firstUserId;
  }

  async #ask(): Promise<void> {
    try {
      this.#firstUserId = await this.directory.firstUserId();
    } catch (error) {
      this.#logger.warn({ err: error }, 'the first account is not known; general has no owner yet');
    } finally {
      this.#asking = undefined;
    }
  }
}
