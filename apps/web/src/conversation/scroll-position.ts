import { useLayoutEffect, type RefObject } from 'react';

/** The topmost message in view, by its seq, and its distance from the top in pixels. */
interface ScrollPosition {
  readonly seq: string;
  readonly offset: number;
}

/** Position of each conversation that was left while older messages were in view. */
const positions = new Map<string, ScrollPosition>();

/**
 * Restores the scroll position of a conversation that is opened again, until the page is reloaded.
 *
 * @param onRestore called immediately: until the scroll event, the newest message seems to be in view
 */
export function useScrollPosition(
  key: string,
  scroller: RefObject<HTMLElement | null>,
  onRestore: () => void,
): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const position = positions.get(key);
    const row = position && element.querySelector(`[data-seq="${position.seq}"]`);
    if (row) {
      element.scrollBy({ top: topWithin(row, element) - position.offset });
      onRestore();
    }
    return () => {
      const current = positionOf(element);
      if (current) positions.set(key, current);
      else positions.delete(key);
    };
  }, [key, scroller, onRestore]);
}

function positionOf(scroller: HTMLElement): ScrollPosition | undefined {
  if (scroller.scrollTop === 0) return undefined;
  for (const row of scroller.querySelectorAll<HTMLElement>('[data-seq]')) {
    const offset = topWithin(row, scroller);
    if (offset + row.offsetHeight > 0) return { seq: row.dataset['seq'] ?? '', offset };
  }
  return undefined;
}

function topWithin(row: Element, scroller: Element): number {
  return row.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
}
