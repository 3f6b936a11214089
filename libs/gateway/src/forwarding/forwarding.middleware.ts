import { networkOf, RateLimitedError, RateLimiter } from '@chat/platform';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { GatewayMetrics } from '../gateway-metrics.ts';
import { GatewaySettings } from '../gateway-settings.ts';
import { routeOf } from '../routes.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { nameClient, type TrustProxy } from './client-address.ts';
import { removeHopByHop } from './hop-by-hop.ts';
import { RequestForwarder } from './request-forwarder.ts';

/** Passes on what belongs to a service; everything else is for the gateway itself to answer. */
@Injectable()
export class ForwardingMiddleware implements NestMiddleware<Request, Response> {
  constructor(
    private readonly settings: GatewaySettings,
    private readonly limiter: RateLimiter,
    private readonly upstreams: Upstreams,
    private readonly forwarder: RequestForwarder,
    private readonly metrics: GatewayMetrics,
  ) {}

  async use(request: Request, response: Response, next: NextFunction): Promise<void> {
    const route = routeOf(request.originalUrl);
    if (!route) return next();
    // Middleware sees the rest of the path only; services are given all of it.
    request.url = request.originalUrl;
    // First, so that a client cannot have removed what is added here.
    removeHopByHop(request.headers);
    response.once('finish', () => this.metrics.answered(route, response.statusCode));
    const trusted = request.app.get('trust proxy fn') as TrustProxy;
    const address = nameClient(request, trusted);
    const waitMs = await this.limiter.take(`gateway:${networkOf(address)}`, this.settings.limit);
    if (waitMs > 0) throw new RateLimitedError('Too many requests from your address.', waitMs);
    await this.forwarder.forward(request, response, this.upstreams[route]);
  }
}
