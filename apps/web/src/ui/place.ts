/** Distance in pixels between an element and its anchor, and between it and the window's edge. */
const GAP_PX = 6;

/** Places a fixed element next to its anchor, above it if there is space, and in the window. */
export function placeBeside(element: HTMLElement, anchor: Element): void {
  const { top, bottom, left, right, width } = anchor.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = element;
  const above = top - offsetHeight - GAP_PX;
  const y =
    above >= GAP_PX ? above : Math.min(bottom + GAP_PX, innerHeight - offsetHeight - GAP_PX);
  const isLeftHalf = left + width / 2 < innerWidth / 2;
  const x = isLeftHalf ? left : right - offsetWidth;
  element.style.top = `${Math.max(GAP_PX, y)}px`;
  element.style.left = `${Math.max(GAP_PX, Math.min(x, innerWidth - offsetWidth - GAP_PX))}px`;
}
