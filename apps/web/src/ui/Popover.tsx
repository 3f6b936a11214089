import { useEffect, useLayoutEffect, useRef, type ReactNode, type RefObject } from 'react';
import { placeBeside } from './place.ts';
import styles from './Popover.module.css';

interface PopoverProps {
  label: string;
  anchor: RefObject<HTMLElement | null>;
  children: ReactNode;
  /** Called when the user closes it: with Escape or a press outside it. */
  onClose: () => void;
}

/**
 * Panel next to an anchor, at the bottom of a phone; open while mounted. The focus moves to its first
 * control, and the browser restores it afterwards.
 */
export function Popover({ label, anchor, children, onClose }: PopoverProps) {
  const panel = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    element.showPopover();
    element.querySelector<HTMLElement>('button, input')?.focus({ preventScroll: true });
    const observer = new ResizeObserver(() => {
      if (anchor.current) placeBeside(element, anchor.current);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      if (element.matches(':popover-open')) element.hidePopover();
    };
  }, [anchor]);

  useEffect(() => {
    const element = panel.current;
    const onToggle = ({ newState }: ToggleEvent) => {
      if (newState === 'closed' && !element?.matches(':popover-open')) onClose();
    };
    element?.addEventListener('toggle', onToggle);
    return () => element?.removeEventListener('toggle', onToggle);
  }, [onClose]);

  return (
    <div ref={panel} popover="auto" className={styles.popover} role="dialog" aria-label={label}>
      {children}
    </div>
  );
}
