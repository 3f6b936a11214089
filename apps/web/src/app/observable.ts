import type { Observable } from '@chat/client';
import { useSyncExternalStore } from 'react';

/** Returns the current state, and re-renders the component after every change. */
export function useObservable<Snapshot>(observable: Observable<Snapshot>): Snapshot {
  return useSyncExternalStore(observable.subscribe, observable.getSnapshot);
}
