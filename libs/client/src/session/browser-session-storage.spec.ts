import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { browserSessionStorage } from './browser-session-storage.ts';
import type { StoredSession } from './session-storage.ts';

const SESSION: StoredSession = {
  token: 'access',
  refreshToken: 'refresh',
  expiresAt: 2,
  refreshAt: 1,
  user: {
    id: 'u1',
    email: 'ada@example.org',
    username: 'ada',
    displayName: 'Ada',
    createdAt: '2026-01-01T00:00:00.000Z',
  },
};

/** Fakes of browser APIs that Node lacks: `localStorage` and its `storage` event. */
let stored: Map<string, string>;
let page: EventTarget;

beforeEach(() => {
  stored = new Map();
  page = new EventTarget();
  Object.assign(globalThis, {
    localStorage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
      removeItem: (key: string) => void stored.delete(key),
    },
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  });
});

afterEach(() => {
  for (const name of ['localStorage', 'addEventListener', 'removeEventListener']) {
    Reflect.deleteProperty(globalThis, name);
  }
});

describe('browserSessionStorage', () => {
  it('loads the saved session in a new instance until it is cleared', () => {
    browserSessionStorage().save(SESSION);
    expect(browserSessionStorage().load()).toEqual(SESSION);
    browserSessionStorage().clear();
    expect(browserSessionStorage().load()).toBeUndefined();
  });

  it.each(['', 'null', '{', '[]', '{"token":1}'])(
    'loads no session when the stored text is %j',
    (text) => {
      stored.set('chat.session', text);
      expect(browserSessionStorage().load()).toBeUndefined();
    },
  );

  it('notifies a listener of storage events for its key only, until it unsubscribes', () => {
    const listener = jest.fn();
    const off = browserSessionStorage().onChange(listener);
    const change = (key: string): boolean =>
      page.dispatchEvent(Object.assign(new Event('storage'), { key }));
    change('something.else');
    expect(listener).not.toHaveBeenCalled();
    change('chat.session');
    expect(listener).toHaveBeenCalledTimes(1);
    off();
    change('chat.session');
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
