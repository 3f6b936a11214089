import type { Unsubscribe } from '../emitter.ts';

/** Calls `listener` when a browser reports that it has lost the network; never elsewhere. */
export function onNetworkLoss(listener: () => void): Unsubscribe {
  if (!('document' in globalThis)) return () => undefined;
  globalThis.addEventListener('offline', listener);
  return () => globalThis.removeEventListener('offline', listener);
}
