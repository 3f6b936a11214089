import { useCallback, useState, type RefObject } from 'react';

/** Distance from the end, in pixels, within which the newest message counts as in view. */
const END_DISTANCE_PX = 48;

export interface NewestInView {
  /** Whether the user has scrolled away from the newest message. */
  scrolledAway: boolean;
  onScroll: () => void;
  scrollToNewest: () => void;
}

/**
 * Tracks whether the newest message is in view, for a scroller that is anchored at its end: its
 * `scrollTop` is 0 there and negative above.
 */
export function useNewestInView(scroller: RefObject<HTMLElement | null>): NewestInView {
  const [scrolledAway, setScrolledAway] = useState(false);

  const onScroll = useCallback(() => {
    setScrolledAway(-(scroller.current?.scrollTop ?? 0) >= END_DISTANCE_PX);
  }, [scroller]);

  const scrollToNewest = useCallback(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [scroller]);

  return { scrolledAway, onScroll, scrollToNewest };
}
