import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { localFailureCode } from './local-failures.ts';

const failure = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe('localFailureCode', () => {
  it('returns the code of an error about a local resource, regardless of how it is wrapped', () => {
    const error = failure('EMFILE');
    expect(localFailureCode(error)).toBe('EMFILE');
    expect(localFailureCode(new TypeError('fetch failed', { cause: error }))).toBe('EMFILE');
    expect(localFailureCode(new AggregateError([error, failure('ENOBUFS')]))).toBe('EMFILE');
  });

  it('returns EADDRNOTAVAIL when the machine does not have the local address', async () => {
    const socket = connect({ host: '127.0.0.1', port: 9, localAddress: '203.0.113.7' });
    const [error] = await once(socket, 'error').catch((thrown: unknown) => [thrown]);
    expect(localFailureCode(error)).toBe('EADDRNOTAVAIL');
  });

  it('returns undefined when the peer refused a connection, even at only one of several addresses', async () => {
    const [refused] = await once(connect(9, '127.0.0.1'), 'error').catch((thrown: unknown) => [
      thrown,
    ]);
    expect(localFailureCode(refused)).toBeUndefined();
    const mixed = new AggregateError([failure('EADDRNOTAVAIL'), failure('ECONNREFUSED')]);
    expect(localFailureCode(Object.assign(mixed, { code: 'EADDRNOTAVAIL' }))).toBeUndefined();
    for (const value of [undefined, null, 'EMFILE', new Error('no code')]) {
      expect(localFailureCode(value)).toBeUndefined();
    }
  });
});
