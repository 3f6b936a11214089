import { RateLimitedError } from '@chat/platform/failures';
import { networkOf } from '@chat/platform/http';
import { RateLimiter } from '@chat/platform/limits';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { GatewayMetrics } from '../gateway-metrics.ts';
import { GatewaySettings } from '../gateway-settings.ts';
import { routeOf } from '../routes.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { setForwardedHeaders, type TrustProxy } from './client-address.ts';
import { removeHopByHop } from './hop-by-hop.ts';
import { RequestForwarder } from './request-forwarder.ts';

/** Forwards the requests that belong to a service; the gateway itself handles all others. */
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
    // Middleware sees only the rest of the path; services need the whole path.
    request.url = request.originalUrl;
    // First, so that a client cannot remove the headers that are added afterwards.
    removeHopByHop(request.headers);
    response.once('finish', () => this.metrics.countResponse(route, response.statusCode));
    const trusted = request.app.get('trust proxy fn') as TrustProxy;
    const address = setForwardedHeaders(request, trusted);
    const waitMs = await this.limiter.take(`gateway:${networkOf(address)}`, this.settings.limit);
    if (waitMs > 0) {
      throw new RateLimitedError('Too many requests. Please wait a moment and try again.', waitMs);
    }
    await this.forwarder.forward(request, response, this.upstreams[route]);
  }
}
