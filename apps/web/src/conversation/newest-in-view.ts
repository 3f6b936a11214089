import { useCallback, useState, type RefObject } from 'react';

/** Distance from the end, in pixels, within which the newest message counts as in view. */
const END_DISTANCE_PX = 48;

export interface NewestInView {
  /** Whether the user has scrolled away from the newest message. */
  scrolledAway: boolean;
  /** Number of messages received since then. */
  unseen: number;
  onScroll: () => void;
  scrollToNewest: () => void;
}

/**
 * Tracks whether the newest message is in view, for a scroller that is anchored at its end: its
 * `scrollTop` is 0 there and negative above.
 */
export function useNewestInView(
  scroller: RefObject<HTMLElement | null>,
  newestSeq: number,
): NewestInView {
  const [leftAtSeq, setLeftAtSeq] = useState<number>();

  function onScroll() {
    const distance = -(scroller.current?.scrollTop ?? 0);
    setLeftAtSeq((left) => (distance < END_DISTANCE_PX ? undefined : (left ?? newestSeq)));
  }

  const scrollToNewest = useCallback(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [scroller]);

  const scrolledAway = leftAtSeq !== undefined;
  return {
    scrolledAway,
    unseen: scrolledAway ? newestSeq - leftAtSeq : 0,
    onScroll,
    scrollToNewest,
  };
}
