import { Controller, Get, Res, type Type } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Health } from '@chat/contracts';
import type { Response } from 'express';
import { HealthChecks } from '../monitoring/health-checks.ts';
import { INSTANCE_HEADER, INSTANCE_ID } from '../process/instance-id.ts';
import { Public, Unlimited } from './public-route.ts';

/**
 * Creates a controller for GET /health, /health/ready and /health/live.
 *
 * @param aliases additional paths that respond like /health, such as `auth/health`
 */
export function createHealthController(aliases: readonly string[] = []): Type<unknown> {
  @ApiTags('health')
  @Public()
  @Unlimited()
  @Controller()
  class HealthController {
    constructor(private readonly checks: HealthChecks) {}

    @Get(['health', 'health/ready', ...aliases])
    @ApiOperation({ summary: 'Returns whether the server and its dependencies are ready.' })
    @ApiOkResponse({ standardSchema: Health, description: 'The server is ready.' })
    @ApiServiceUnavailableResponse({
      standardSchema: Health,
      description: 'A dependency is unavailable, or the server is stopping.',
    })
    async ready(@Res({ passthrough: true }) response: Response): Promise<Health> {
      const health = await this.checks.run();
      response.status(health.status === 'ok' ? 200 : 503);
      return health;
    }

    @Get('health/live')
    @ApiOperation({ summary: 'Returns whether the process is alive.' })
    @ApiOkResponse({ standardSchema: Health })
    @ApiServiceUnavailableResponse({
      standardSchema: Health,
      description: 'The process is stopping.',
    })
    live(@Res({ passthrough: true }) response: Response): Health {
      response.setHeader(INSTANCE_HEADER, INSTANCE_ID);
      response.status(this.checks.stopping ? 503 : 200);
      return { status: this.checks.stopping ? 'unavailable' : 'ok', checks: {} };
    }
  }
  return HealthController;
}
