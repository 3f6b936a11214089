import { useRef, useState, type SubmitEvent } from 'react';
import { chat } from '../app/chat.ts';
import { Button } from '../ui/Button.tsx';
import { useSecondsUntil } from '../ui/countdown.ts';
import { TextField } from '../ui/TextField.tsx';
import { PasswordField } from './PasswordField.tsx';
import {
  PASSWORD_RULE,
  problemFromError,
  validateInput,
  type SignInMode,
  type SignInProblem,
} from './sign-in-problem.ts';
import styles from './SignInForm.module.css';

interface SignInFormProps {
  mode: SignInMode;
  email: string;
  onEmailChange: (email: string) => void;
}

export function SignInForm({ mode, email, onEmailChange }: SignInFormProps) {
  const signUp = mode === 'sign-up';
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<SignInProblem>({ fields: {} });
  const wait = useSecondsUntil(problem.retryAt);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const input = inputOf(event.currentTarget);
    const invalid = validateInput(mode, input);
    if (invalid) {
      show(invalid);
      return;
    }
    setBusy(true);
    setProblem({ fields: {} });
    try {
      await (signUp ? chat.session.register(input) : chat.session.login(input));
    } catch (error) {
      setBusy(false);
      show(problemFromError(error));
    }
  }

  function show(next: SignInProblem) {
    setProblem(next);
    const field = Object.keys(next.fields)[0];
    const input = field && form.current?.elements.namedItem(field);
    if (input instanceof HTMLInputElement) input.focus();
  }

  return (
    <form ref={form} className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <TextField
        label="Email"
        name="email"
        type="email"
        autoComplete={signUp ? 'email' : 'username'}
        autoFocus
        value={email}
        onChange={(event) => onEmailChange(event.target.value)}
        error={problem.fields.email}
      />
      {signUp && (
        <TextField
          label="Username (optional)"
          name="username"
          autoComplete="nickname"
          autoCapitalize="none"
          spellCheck={false}
          hint="How others see you. If empty, we use the part of your email before the “@”."
          error={problem.fields.username}
        />
      )}
      <PasswordField
        autoComplete={signUp ? 'new-password' : 'current-password'}
        hint={signUp ? PASSWORD_RULE : undefined}
        error={problem.fields.password}
      />
      <p className={styles.problem} role="alert">
        {problem.form}
        {wait > 0 && ` Try again in ${wait} s.`}
      </p>
      <Button type="submit" busy={busy} disabled={wait > 0}>
        {signUp ? 'Create account' : 'Sign in'}
      </Button>
    </form>
  );
}

function inputOf(form: HTMLFormElement) {
  const fields = new FormData(form);
  const text = (name: string) => {
    const value = fields.get(name);
    return typeof value === 'string' ? value : '';
  };
  const username = text('username').trim();
  return {
    email: text('email').trim(),
    password: text('password'),
    ...(username && { username }),
  };
}
