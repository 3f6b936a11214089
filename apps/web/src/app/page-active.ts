import { useSyncExternalStore } from 'react';

/** Returns whether the user is looking at the page: it is visible and its window has the focus. */
export function usePageActive(): boolean {
  return useSyncExternalStore(subscribe, isActive);
}

function isActive(): boolean {
  return !document.hidden && document.hasFocus();
}

function subscribe(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  addEventListener('focus', listener);
  addEventListener('blur', listener);
  return () => {
    document.removeEventListener('visibilitychange', listener);
    removeEventListener('focus', listener);
    removeEventListener('blur', listener);
  };
}
