import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics.ts';
import { Refusals } from './refusals.ts';

/** Provides {@link Metrics} and {@link Refusals} to every module of the application. */
@Global()
@Module({ providers: [Metrics, Refusals], exports: [Metrics, Refusals] })
export class MetricsModule {}
