import { useLayoutEffect, type RefObject } from 'react';

/**
 * Keeps what is in view in place while history is put in above it. In a scroller that rests at its
 * end that is so by nature; but the browser, which holds on to the uppermost element in view,
 * would move by as much as that element changes or is pushed up. So it lets go for that moment.
 *
 * @param oldestSeq seq of the first message; another one means that history was put in
 */
export function useSteadyHistory(
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
