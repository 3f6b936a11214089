import { Emitter, type Unsubscribe } from '../emitter.ts';
import type { SessionStorage, StoredSession } from './session-storage.ts';

/** Stores the session in memory. */
export class MemorySessionStorage implements SessionStorage {
  readonly #changes = new Emitter<{ change: undefined }>();
  #session: StoredSession | undefined;

  load(): StoredSession | undefined {
    return this.#session;
  }

  save(session: StoredSession): void {
    this.#session = session;
    this.#changes.emit('change', undefined);
  }

  clear(): void {
    this.#session = undefined;
    this.#changes.emit('change', undefined);
  }

  onChange(listener: () => void): Unsubscribe {
    return this.#changes.on('change', listener);
  }
}
