import { ChatError } from '@chat/client';
import {
  LoginRequest,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  RegisterRequest,
} from '@chat/contracts';
import { toUserMessage } from '../ui/user-message.ts';

export type SignInMode = 'sign-in' | 'sign-up';
export type SignInField = 'email' | 'username' | 'password';

/** Error messages for the sign-in form, by field and for the whole form. */
export interface SignInProblem {
  fields: Partial<Record<SignInField, string>>;
  form?: string;
  /** Earliest time of the next attempt, in milliseconds since the epoch. */
  retryAt?: number;
}

export const PASSWORD_RULE = `At least ${MIN_PASSWORD_LENGTH} characters. A few random words are easy to remember and hard to guess.`;

const FORMAT_MESSAGES: Record<SignInField, string> = {
  email: 'Enter an email address like ada@example.org.',
  username: 'Use 1 to 32 letters, digits, “.”, “_” or “-”. Start with a letter or digit.',
  password: `Use ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters.`,
};
const TAKEN_MESSAGES: Record<SignInField, string> = {
  email: 'This email already has an account. Sign in instead.',
  username: 'This username is taken. Choose another one.',
  password: FORMAT_MESSAGES.password,
};

/** Validates the form before it is sent, with the same schemas as the server. */
export function validateInput(mode: SignInMode, input: unknown): SignInProblem | undefined {
  const result = (mode === 'sign-up' ? RegisterRequest : LoginRequest).safeParse(input);
  if (result.success) return undefined;
  const fields = result.error.issues.map((issue) => String(issue.path[0]));
  if (mode === 'sign-up') return { fields: messagesFor(fields, FORMAT_MESSAGES) };
  return {
    fields: messagesFor(fields, { ...FORMAT_MESSAGES, password: 'Enter your password.' }),
  };
}

/** Converts an error from the server to messages for the fields that it concerns. */
export function problemFromError(error: unknown): SignInProblem {
  if (!(error instanceof ChatError)) return { fields: {}, form: toUserMessage(error) };
  const fields = error.details?.map((detail) => detail.path) ?? [];
  switch (error.code) {
    case 'VALIDATION':
      return orFormMessage(messagesFor(fields, FORMAT_MESSAGES), error);
    case 'CONFLICT':
      return orFormMessage(messagesFor(fields, TAKEN_MESSAGES), error);
    case 'UNAUTHORIZED':
      return { fields: {}, form: 'Incorrect email or password.' };
    case 'RATE_LIMITED':
      return {
        fields: {},
        form: 'Too many attempts.',
        retryAt: Date.now() + (error.retryAfterMs ?? 5_000),
      };
    default:
      return { fields: {}, form: toUserMessage(error) };
  }
}

function orFormMessage(fields: SignInProblem['fields'], error: ChatError): SignInProblem {
  return Object.keys(fields).length > 0 ? { fields } : { fields, form: error.message };
}

function messagesFor(
  fields: readonly string[],
  messages: Record<SignInField, string>,
): SignInProblem['fields'] {
  return Object.fromEntries(Object.entries(messages).filter(([field]) => fields.includes(field)));
}
