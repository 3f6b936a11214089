import { STATUS_CODES } from 'node:http';
import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { HttpError } from '@chat/contracts';

/** Documents the error statuses of an operation; their body is `HttpError`. */
export function ApiErrors(...statuses: readonly number[]): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: STATUS_CODES[status] ?? 'Error',
        standardSchema: HttpError,
      }),
    ),
  );
}
