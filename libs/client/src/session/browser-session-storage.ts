import { Emitter, type Unsubscribe } from '../emitter.ts';
import type { SessionStorage, StoredSession } from './session-storage.ts';

/** Stores the session in `localStorage` under `key`, shared by all tabs of one origin. */
export function browserSessionStorage(key = 'chat.session'): SessionStorage {
  const changes = new Emitter<{ change: undefined }>();
  return {
    load: () => parse(localStorage.getItem(key)),
    save(session) {
      localStorage.setItem(key, JSON.stringify(session));
      changes.emit('change', undefined);
    },
    clear() {
      localStorage.removeItem(key);
      changes.emit('change', undefined);
    },
    onChange(listener): Unsubscribe {
      const unsubscribe = changes.on('change', listener);
      // Browsers fire `storage` in the other tabs only; a null key means `localStorage.clear()`.
      const onStorage = (event: StorageEvent): void => {
        if (event.key === key || event.key === null) listener();
      };
      globalThis.addEventListener('storage', onStorage);
      return () => {
        unsubscribe();
        globalThis.removeEventListener('storage', onStorage);
      };
    },
  };
}

function parse(text: string | null): StoredSession | undefined {
  if (text === null) return undefined;
  try {
    const session = JSON.parse(text) as Partial<StoredSession> | null;
    const isComplete =
      typeof session?.token === 'string' &&
      typeof session.refreshToken === 'string' &&
      typeof session.expiresAt === 'number' &&
      typeof session.refreshAt === 'number' &&
      typeof session.user?.id === 'string';
    return isComplete ? (session as StoredSession) : undefined;
  } catch {
    return undefined;
  }
}
