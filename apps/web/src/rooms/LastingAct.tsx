import { useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { explain } from '../ui/problem.ts';
import styles from './LastingAct.module.css';

interface LastingActProps {
  /** What the act is called before it is asked about. */
  offer: string;
  /** What it means to go through with it. */
  consequence: string;
  /** The answers to the question. */
  refuse: string;
  confirm: string;
  act: () => Promise<void>;
}

/** Something that cannot be taken back, done after asking. */
export function LastingAct({ offer, consequence, refuse, confirm, act }: LastingActProps) {
  const [step, setStep] = useState<'offered' | 'asking' | 'acting'>('offered');
  const [problem, setProblem] = useState<string>();

  async function confirmed() {
    setStep('acting');
    setProblem(undefined);
    try {
      await act();
    } catch (error) {
      setStep('asking');
      setProblem(explain(error));
    }
  }

  if (step === 'offered') {
    return (
      <div className={styles.act}>
        <Button look="danger" onClick={() => setStep('asking')}>
          {offer}
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.act}>
      <p>{consequence}</p>
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={styles.choice}>
        <Button look="quiet" autoFocus onClick={() => setStep('offered')}>
          {refuse}
        </Button>
        <Button look="danger" busy={step === 'acting'} onClick={() => void confirmed()}>
          {confirm}
        </Button>
      </div>
    </div>
  );
}
