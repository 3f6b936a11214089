import { useLayoutEffect, useRef, type RefObject } from 'react';
import { placeBeside } from './place.ts';
import styles from './Tooltip.module.css';

interface TooltipProps {
  anchor: RefObject<HTMLElement | null>;
  text: string;
}

/** Text next to a control, shown while mounted. Screen readers read the label of the control. */
export function Tooltip({ anchor, text }: TooltipProps) {
  const tooltip = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const element = tooltip.current;
    if (!element || !anchor.current) return;
    if (!element.matches(':popover-open')) element.showPopover();
    placeBeside(element, anchor.current);
  }, [anchor, text]);

  return (
    <div ref={tooltip} popover="manual" className={styles.tooltip} aria-hidden="true">
      {text}
    </div>
  );
}
