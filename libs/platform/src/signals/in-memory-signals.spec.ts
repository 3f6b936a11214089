import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { InMemorySignals } from './in-memory-signals.ts';
import type { Signal } from './signals.ts';

const ENDED: Signal = { type: 'session-ended', sessionId: 's1' };

describe('InMemorySignals', () => {
  it('delivers a signal to every subscriber although one of them throws', () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const signals = new InMemorySignals();
    const received: string[] = [];
    signals.subscribe(() => received.push('first'));
    signals.subscribe(() => {
      throw new Error('listener failed');
    });
    const unsubscribe = signals.subscribe(() => received.push('third'));
    signals.publish(ENDED);
    expect(received).toEqual(['first', 'third']);
    expect(logged).toHaveBeenCalledTimes(1);
    unsubscribe();
    signals.publish(ENDED);
    expect(received).toEqual(['first', 'third', 'first']);
  });
});
