import { AccessTokens } from '@chat/auth';
import { describe, expect, it, jest } from '@jest/globals';
import { JwtService } from '@nestjs/jwt';
import { ServiceCredentials } from './service-credentials.ts';

const settings = { secret: 'x'.repeat(40), accessTokenTtlSeconds: 60 };

describe('a service credential', () => {
  const credentials = new ServiceCredentials(settings);
  const accessTokens = new AccessTokens(new JwtService(), settings);

  it('is accepted only by services with the same secret', async () => {
    const token = await credentials.token();
    await expect(credentials.verify(token)).resolves.toBeUndefined();
    const otherSecret = new ServiceCredentials({ ...settings, secret: 'y'.repeat(40) });
    await expect(otherSecret.verify(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(credentials.verify('not-a-token')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('is rejected as an access token, and vice versa', async () => {
    await expect(accessTokens.verify(await credentials.token())).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    const identity = { userId: 'u', sessionId: 's', username: 'ann' };
    const token = await accessTokens.sign(identity);
    await expect(credentials.verify(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it.each([
    ['the clock was set back by an hour', -3_600, 250],
    ['the machine slept', 250, 0],
  ])('is renewed before it expires even when %s', async (_reason, dateSeconds, ageSeconds) => {
    const renewable = new ServiceCredentials(settings);
    const before = await renewable.token();
    expect(await renewable.token()).toBe(before);
    const [date, age] = [Date.now(), performance.now()];
    jest.spyOn(Date, 'now').mockReturnValue(date + dateSeconds * 1_000);
    jest.spyOn(performance, 'now').mockReturnValue(age + ageSeconds * 1_000);
    expect(await renewable.token()).not.toBe(before);
    jest.restoreAllMocks();
  });

  it('is rejected after it has expired', async () => {
    const expired = await new JwtService().signAsync(
      {},
      { secret: settings.secret, issuer: 'chat', audience: 'chat-services', expiresIn: -61 },
    );
    await expect(credentials.verify(expired)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
});
