import { useCallback, useState, type RefObject } from 'react';

/** Nearer to the end than this many pixels counts as being there. */
const NEAR = 48;

export interface NewestInView {
  /** Scrolled away from the newest message. */
  away: boolean;
  /** Messages that came since then. */
  unseen: number;
  onScroll: () => void;
  toNewest: () => void;
}

/**
 * Whether the newest message is in view, for a scroller that rests at its end: its `scrollTop` is
 * 0 there and negative above.
 */
export function useNewestInView(
  scroller: RefObject<HTMLElement | null>,
  newestSeq: number,
): NewestInView {
  const [leftAtSeq, setLeftAtSeq] = useState<number>();

  function onScroll() {
    const above = -(scroller.current?.scrollTop ?? 0);
    setLeftAtSeq((left) => (above < NEAR ? undefined : (left ?? newestSeq)));
  }

  const toNewest = useCallback(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [scroller]);

  const away = leftAtSeq !== undefined;
  return { away, unseen: away ? newestSeq - leftAtSeq : 0, onScroll, toNewest };
}
