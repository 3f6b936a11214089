import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { z } from 'zod';
import { Failure } from '../failures/failures.ts';

/** Maximum number of details in one error. */
const MAX_DETAILS = 20;

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Creates the error for input that fails validation, with path and message of each issue. */
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
 * Creates a pipe that validates parameters declared with `@Body({ schema })`, `@Query({ schema })`
 * and `@Param('name', { schema })`, and passes the parsed values to the controller.
 */
export function createSchemaValidationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({ exceptionFactory: invalidInput });
}

/**
 * Parses the payload of a socket event with its schema.
 *
 * @throws Failure VALIDATION with `details`, as for a REST body
 */
export function parsePayload<Schema extends z.ZodType>(
  schema: Schema,
  payload: unknown,
): z.output<Schema> {
  const result = schema.safeParse(payload);
  if (!result.success) throw invalidInput(result.error.issues);
  return result.data;
}
