import { Public, Unlimited } from '@chat/platform/http';
import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ServiceGuard } from './service.guard.ts';

/** Marks a controller that only other services may call, and that is excluded from OpenAPI. */
export const ForServices = (): ClassDecorator =>
  applyDecorators(Public(), Unlimited(), UseGuards(ServiceGuard), ApiExcludeController());
