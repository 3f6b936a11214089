import { useCallback, useState, type RefObject } from 'react';

/** Closer to the end than this, in pixels, counts as at the end. */
const END_DISTANCE_PX = 48;

export interface NewestInView {
  /** Whether the user scrolled scrolledAway from the newest message. */
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
    const above = -(scroller.current?.scrollTop ?? 0);
    setLeftAtSeq((left) => (above < END_DISTANCE_PX ? undefined : (left ?? newestSeq)));
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
