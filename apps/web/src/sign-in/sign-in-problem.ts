import { ChatError } from '@chat/client';
import {
  LoginRequest,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  RegisterRequest,
} from '@chat/contracts';
import { explain } from '../ui/problem.ts';

export type SignInMode = 'sign-in' | 'sign-up';
export type SignInField = 'email' | 'username' | 'password';

/** What stands in the way of signing in, by field and for the form as a whole. */
export interface SignInProblem {
  fields: Partial<Record<SignInField, string>>;
  form?: string;
  /** No attempt before this time makes sense: milliseconds since the epoch. */
  retryAt?: number;
}

export const PASSWORD_RULE = `At least ${MIN_PASSWORD_LENGTH} characters. A few words in a row are easy to remember and hard to guess.`;

const FORM_OF: Record<SignInField, string> = {
  email: 'Enter an e-mail address like ada@example.org.',
  username: 'Use 1 to 32 letters, digits, “.”, “_” or “-”, beginning with a letter or digit.',
  password: `Use ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters.`,
};
const TAKEN: Record<SignInField, string> = {
  email: 'There is an account with this e-mail address. Do you want to sign in?',
  username: 'Somebody has this username already.',
  password: FORM_OF.password,
};

/** Checks the form before it is sent, by the same schemas as the server. */
export function problemOfInput(mode: SignInMode, input: unknown): SignInProblem | undefined {
  const result = (mode === 'sign-up' ? RegisterRequest : LoginRequest).safeParse(input);
  if (result.success) return undefined;
  const fields = result.error.issues.map((issue) => String(issue.path[0]));
  if (mode === 'sign-up') return { fields: sentences(fields, FORM_OF) };
  return {
    fields: sentences(fields, { ...FORM_OF, password: 'Enter your password.' }),
  };
}

/** Turns the server's refusal into words beside the fields that it is about. */
export function problemOfAnswer(error: unknown): SignInProblem {
  if (!(error instanceof ChatError)) return { fields: {}, form: explain(error) };
  const fields = error.details?.map((detail) => detail.path) ?? [];
  switch (error.code) {
    case 'VALIDATION':
      return named(sentences(fields, FORM_OF), error);
    case 'CONFLICT':
      return named(sentences(fields, TAKEN), error);
    case 'UNAUTHORIZED':
      return { fields: {}, form: 'E-mail address or password is not right.' };
    case 'RATE_LIMITED':
      return {
        fields: {},
        form: 'Too many attempts.',
        retryAt: Date.now() + (error.retryAfterMs ?? 5_000),
      };
    default:
      return { fields: {}, form: explain(error) };
  }
}

function named(fields: SignInProblem['fields'], error: ChatError): SignInProblem {
  return Object.keys(fields).length > 0 ? { fields } : { fields, form: error.message };
}

function sentences(
  fields: readonly string[],
  wording: Record<SignInField, string>,
): SignInProblem['fields'] {
  return Object.fromEntries(Object.entries(wording).filter(([field]) => fields.includes(field)));
}
