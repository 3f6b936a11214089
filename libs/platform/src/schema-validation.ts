import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { z } from 'zod';
import { Failure } from './failures.ts';

/** Most details that one refusal lists. */
const MAX_DETAILS = 20;

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The refusal of input that a schema did not accept, with where and what in `details`. */
function invalidInput(issues: readonly Issue[]): Failure {
  return new Failure('VALIDATION', 'The input is not valid.', {
    details: issues.slice(0, MAX_DETAILS).map(({ message, path = [] }) => ({
      path: path
        .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
        .join('.'),
      message: asSentence(message),
    })),
  });
}

function asSentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * Validates what controllers declare with `@Body({ schema })`, `@Query({ schema })`
 * and `@Param('name', { schema })`, and hands them what the schema makes of it.
 */
export function createSchemaValidationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({ exceptionFactory: invalidInput });
}

/**
 * A socket event's payload as its schema makes it.
 *
 * @throws Failure VALIDATION with `details`, the same as for a REST body.
 */
export function parsePayload<Schema extends z.ZodType>(
  schema: Schema,
  payload: unknown,
): z.output<Schema> {
  const result = schema.safeParse(payload);
  if (!result.success) throw invalidInput(result.error.issues);
  return result.data;
}
