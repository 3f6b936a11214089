import { parsePayload } from '@chat/platform';
import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';

/** Validates an event's payload. */
export class PayloadPipe<Schema extends z.ZodType> implements PipeTransform<
  unknown,
  z.output<Schema>
> {
  constructor(private readonly schema: Schema) {}

  /** @throws Failure with VALIDATION */
  transform(payload: unknown): z.output<Schema> {
    return parsePayload(this.schema, payload);
  }
}
