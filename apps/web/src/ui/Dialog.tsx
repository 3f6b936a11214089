import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Button } from './Button.tsx';
import styles from './Dialog.module.css';
import { Icon } from './Icon.tsx';

interface DialogProps {
  title: string;
  children: ReactNode;
  /** Called when the user closes it: with its button, Escape or a press outside it. */
  onClose: () => void;
}

/**
 * Modal dialog, open while mounted. The browser traps the focus in it and restores it afterwards.
 * The initial focus is on the element with `data-focus-first`, or on the first one.
 */
export function Dialog({ title, children, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-focus-first]')?.focus();
    return () => element?.close();
  }, []);

  return (
    // A press outside the dialog is a shortcut: by keyboard, Escape closes it (`onCancel`).
    // eslint-disable-next-line jsx-a11y-x/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={styles.content}>
        <header className={styles.header}>
          <h2 id={titleId} className={styles.title}>
            {title}
          </h2>
          <Button variant="icon" aria-label="Close" onClick={onClose}>
            <Icon shape="close" />
          </Button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
