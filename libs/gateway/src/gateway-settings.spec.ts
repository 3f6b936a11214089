import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { forwardingSettings, GatewaySettings, upstreamUrls } from './gateway-settings.ts';

const schema = z.object({ ...upstreamUrls, ...forwardingSettings });
const settingsOf = (values: Record<string, string>) => GatewaySettings.of(schema.parse(values));

describe('the settings of the gateway', () => {
  it('forward to one local instance of each service by default', () => {
    expect(settingsOf({})).toMatchObject({
      urls: {
        users: ['http://localhost:3001'],
        messages: ['http://localhost:3002'],
        chat: ['http://localhost:3003'],
      },
      limit: { points: 500, windowMs: 1_000, burst: 2_000 },
      timeoutMs: 15_000,
      retryForMs: 5_000,
      maxSockets: 20_000,
    });
  });

  it('allow a burst of at least the rate', () => {
    expect(settingsOf({ GATEWAY_RATE: '30', GATEWAY_BURST: '5' }).limit.burst).toBe(30);
  });
});
