import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { DocumentsController } from './documents/documents.controller.ts';
import { MergedOpenApi } from './documents/merged-open-api.ts';
import { ForwardingMiddleware } from './forwarding/forwarding.middleware.ts';
import { RequestForwarder } from './forwarding/request-forwarder.ts';
import { UpgradeForwarder } from './forwarding/upgrade-forwarder.ts';
import { GatewayMetrics } from './gateway-metrics.ts';
import { LocalFailures } from './upstreams/local-failures.ts';
import { Upstreams } from './upstreams/upstreams.ts';

/**
 * Forwards requests and WebSockets to the services. The application must provide
 * GatewaySettings, RateLimiter, Metrics and HealthChecks globally, and attach UpgradeForwarder to
 * its server.
 */
@Module({
  controllers: [DocumentsController],
  providers: [
    GatewayMetrics,
    LocalFailures,
    MergedOpenApi,
    RequestForwarder,
    UpgradeForwarder,
    Upstreams,
  ],
  exports: [UpgradeForwarder],
})
export class GatewayModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ForwardingMiddleware).forRoutes('{*path}');
  }
}
