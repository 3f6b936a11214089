import { useLayoutEffect, type RefObject } from 'react';

/**
 * Keeps the messages in view in place while older ones are inserted above them. A scroller that is
 * anchored at its end does so by itself, but the browser's scroll anchoring would scroll by as much
 * as the topmost element in view changes or is pushed up. So scroll anchoring is turned off for two
 * frames.
 *
 * @param oldestSeq seq of the first message; a change means that older messages were inserted
 */
export function useStableScroll(
  scroller: RefObject<HTMLElement | null>,
  oldestSeq: number | undefined,
): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    element.style.setProperty('overflow-anchor', 'none');
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => element.style.removeProperty('overflow-anchor'));
    });
    return () => cancelAnimationFrame(frame);
  }, [scroller, oldestSeq]);
}
