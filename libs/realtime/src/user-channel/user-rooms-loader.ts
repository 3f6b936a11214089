import { backoffMs } from '@chat/platform/failures';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { MAX_USERS_PER_CALL, RoomDirectory } from '../room-directory.ts';
import { UserRooms, type LoadedRooms } from './user-rooms.ts';

/** Maximum number of concurrent calls: users who connect in the meantime share the next ones. */
const MAX_CALLS = 2;

/** Loads the rooms of users from the directory, many users per call; retries until it succeeds. */
@Injectable()
export class UserRoomsLoader implements OnApplicationShutdown {
  readonly #logger = new Logger(UserRoomsLoader.name);
  readonly #queue = new Set<string>();
  /** Users of the calls in flight. */
  readonly #loading = new Set<string>();
  #calls = 0;
  /** Consecutive failed calls. */
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  #listener: (loaded: LoadedRooms) => void = () => undefined;

  constructor(
    private readonly directory: RoomDirectory,
    private readonly rooms: UserRooms,
  ) {}

  /** Whether rooms of any user are being loaded, or will be. */
  get busy(): boolean {
    return this.#queue.size + this.#loading.size > 0;
  }

  /** Whether the rooms of this user are being loaded, or will be. */
  isPending(userId: string): boolean {
    return this.#queue.has(userId) || this.#loading.has(userId);
  }

  /** Sets the listener that is called after each load. */
  onLoaded(listener: (loaded: LoadedRooms) => void): void {
    this.#listener = listener;
  }

  /** Queues users to be loaded; a user whose load is in progress is loaded again after it. */
  request(userIds: Iterable<string>): void {
    for (const userId of userIds) this.#queue.add(userId);
    this.#start();
  }

  onApplicationShutdown(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
  }

  #start(): void {
    while (this.#calls < MAX_CALLS && !this.#retry && !this.#stopped) {
      const userIds = this.#takeQueued();
      if (userIds.length === 0) return;
      void this.#load(userIds);
    }
  }

  /** Takes users who are still connected from the queue. */
  #takeQueued(): string[] {
    const taken: string[] = [];
    for (const userId of this.#queue) {
      if (taken.length === MAX_USERS_PER_CALL) break;
      if (this.#loading.has(userId)) continue;
      this.#queue.delete(userId);
      if (this.rooms.isConnected(userId)) taken.push(userId);
    }
    return taken;
  }

  async #load(userIds: readonly string[]): Promise<void> {
    this.#calls += 1;
    for (const userId of userIds) this.#loading.add(userId);
    try {
      await this.#loadTogether(userIds);
      if (this.#failures > 0) this.#logger.log('loading the rooms of users succeeded again');
      this.#failures = 0;
    } catch (error) {
      for (const userId of userIds) this.#queue.add(userId);
      this.#pause(error);
    }
    for (const userId of userIds) this.#loading.delete(userId);
    this.#calls -= 1;
    this.#start();
  }

  /** Loads the rooms of users in one call, or in more if they have too many rooms. */
  async #loadTogether(userIds: readonly string[]): Promise<void> {
    this.rooms.beginLoad(userIds);
    const { positions, complete } = await this.directory.positionsOf(userIds);
    if (!complete && userIds.length > 1) {
      const middle = Math.ceil(userIds.length / 2);
      await this.#loadTogether(userIds.slice(0, middle));
      await this.#loadTogether(userIds.slice(middle));
      return;
    }
    this.#listener(this.rooms.endLoad(userIds, positions, complete));
  }

  #pause(error: unknown): void {
    if (this.#failures === 0) {
      this.#logger.warn({ err: error }, 'loading the rooms of users failed; retrying');
    }
    this.#failures += 1;
    if (this.#stopped) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#start();
    }, backoffMs(this.#failures)).unref();
  }
}
