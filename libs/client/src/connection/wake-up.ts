import type { Unsubscribe } from '../emitter.ts';

/** Calls `listener` when a browser is back online or its page becomes visible; never elsewhere. */
export function onWakeUp(listener: () => void): Unsubscribe {
  const page = globalThis.document as Document | undefined;
  if (!page) return () => undefined;
  const onVisible = (): void => {
    if (page.visibilityState === 'visible') listener();
  };
  globalThis.addEventListener('online', listener);
  page.addEventListener('visibilitychange', onVisible);
  return () => {
    globalThis.removeEventListener('online', listener);
    page.removeEventListener('visibilitychange', onVisible);
  };
}
