import { useSyncExternalStore } from 'react';

/** Returns the whole seconds until `time` (milliseconds since the epoch), counting down to 0. */
export function useSecondsUntil(time: number | undefined): number {
  return useSyncExternalStore(time === undefined ? neverTick : tick, () =>
    time === undefined ? 0 : Math.max(0, Math.ceil((time - Date.now()) / 1000)),
  );
}

function tick(listener: () => void): () => void {
  const timer = setInterval(listener, 250);
  return () => clearInterval(timer);
}

function neverTick(): () => void {
  return () => undefined;
}
