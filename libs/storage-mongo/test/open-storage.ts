import { HealthChecks } from '@chat/platform/monitoring';
import {
  Global,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type LoggerService,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Global()
@Module({ providers: [HealthChecks], exports: [HealthChecks] })
class Health {}

@Module({})
class Storage {}

/** Opens a storage module in an application context that contains nothing else. */
export function openStorage(
  storage: DynamicModule,
  logger: LoggerService | false = false,
): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(
    { module: Storage, imports: [Health, storage] },
    { logger, abortOnError: false },
  );
}
