import { Icon } from '../ui/Icon.tsx';
import styles from './JumpButton.module.css';

interface JumpButtonProps {
  /** Where the list scrolls; the button is at that edge of it. */
  direction: 'up' | 'down';
  label: string;
  disabled?: boolean;
  onClick: () => void;
}

/** Button over the list of messages that scrolls to a message out of view. */
export function JumpButton({ direction, label, disabled, onClick }: JumpButtonProps) {
  return (
    <button
      type="button"
      className={`${styles.button} ${styles[direction]}`}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon shape={direction} size={16} />
      {label}
    </button>
  );
}
