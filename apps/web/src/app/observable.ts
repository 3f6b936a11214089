import type { Observable } from '@chat/client';
import { useSyncExternalStore } from 'react';

/** The state now, followed while the component is shown. */
export function useObservable<Snapshot>(observable: Observable<Snapshot>): Snapshot {
  return useSyncExternalStore(observable.subscribe, observable.getSnapshot);
}
