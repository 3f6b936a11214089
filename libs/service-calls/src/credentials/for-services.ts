import { Public, Unlimited } from '@chat/platform';
import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ServiceGuard } from './service.guard.ts';

/** A controller that only other services of ours may call, and no document describes. */
export const ForServices = (): ClassDecorator =>
  applyDecorators(Public(), Unlimited(), UseGuards(ServiceGuard), ApiExcludeController());
