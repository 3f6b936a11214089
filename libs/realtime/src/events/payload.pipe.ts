import { parsePayload } from '@chat/platform/http';
import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';

/** Validates the payload of an event. */
export class PayloadPipe<Schema extends z.ZodType> implements PipeTransform<
  unknown,
  z.output<Schema>
> {
  constructor(private readonly schema: Schema) {}

  /**
   * Returns the validated payload.
   *
   * @throws Failure with VALIDATION
   */
  transform(payload: unknown): z.output<Schema> {
    return parsePayload(this.schema, payload);
  }
}
