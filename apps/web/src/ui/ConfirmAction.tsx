import { useState } from 'react';
import { Button } from './Button.tsx';
import { toUserMessage } from './user-message.ts';
import styles from './ConfirmAction.module.css';

interface ConfirmActionProps {
  /** Label of the button that starts the confirmation. */
  label: string;
  /** Describes the effect of the action. */
  description: string;
  confirmLabel: string;
  onConfirm: () => Promise<void>;
}

/** Button for an action that needs a confirmation. */
export function ConfirmAction({ label, description, confirmLabel, onConfirm }: ConfirmActionProps) {
  const [step, setStep] = useState<'idle' | 'cancelled' | 'confirming' | 'running'>('idle');
  const [errorMessage, setErrorMessage] = useState<string>();

  async function confirm() {
    setStep('running');
    setErrorMessage(undefined);
    try {
      await onConfirm();
    } catch (error) {
      setStep('confirming');
      setErrorMessage(toUserMessage(error));
    }
  }

  if (step === 'idle' || step === 'cancelled') {
    return (
      <div className={styles.action}>
        <Button
          variant="danger"
          autoFocus={step === 'cancelled'}
          onClick={() => setStep('confirming')}
        >
          {label}
        </Button>
      </div>
    );
  }
  return (
    <div className={`${styles.action} ${styles.confirming}`}>
      <p>{description}</p>
      {errorMessage && (
        <p className={styles.problem} role="alert">
          {errorMessage}
        </p>
      )}
      <div className={styles.choice}>
        <Button variant="quiet" autoFocus onClick={() => setStep('cancelled')}>
          Cancel
        </Button>
        <Button variant="danger" busy={step === 'running'} onClick={() => void confirm()}>
          {confirmLabel}
        </Button>
      </div>
    </div>
  );
}
