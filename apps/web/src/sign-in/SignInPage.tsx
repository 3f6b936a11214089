import { useEffect, useState } from 'react';
import { SignInForm } from './SignInForm.tsx';
import type { SignInMode } from './sign-in-problem.ts';
import styles from './SignInPage.module.css';

/** Signs in to an existing account, or creates a new one. */
export function SignInPage({ expired }: { expired: boolean }) {
  const [mode, setMode] = useState<SignInMode>('sign-in');
  const [email, setEmail] = useState('');
  const signUp = mode === 'sign-up';

  useEffect(() => {
    document.title = signUp ? 'Create an account – Chat' : 'Sign in – Chat';
  }, [signUp]);

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <img className={styles.mark} src="/favicon.svg" alt="" width="44" height="44" />
        <h1 className={styles.title}>{signUp ? 'Create your account' : 'Welcome to the chat'}</h1>
        {expired && (
          <p className={styles.expired} role="status">
            Your session has ended. Sign in again to continue. Unsent messages are saved.
          </p>
        )}
        <SignInForm key={mode} mode={mode} email={email} onEmailChange={setEmail} />
        <p className={styles.other}>
          {signUp ? 'Already have an account?' : 'New here?'}{' '}
          <button type="button" onClick={() => setMode(signUp ? 'sign-in' : 'sign-up')}>
            {signUp ? 'Sign in' : 'Create an account'}
          </button>
        </p>
      </div>
    </main>
  );
}
