import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { InMemorySignals } from './in-memory-signals.ts';
import type { Signal } from './signals.ts';

const ENDED: Signal = { type: 'session-ended', sessionId: 's1' };

describe('a signal', () => {
  it('is heard by everybody who listens, even if one of them fails', () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const signals = new InMemorySignals();
    const heard: string[] = [];
    signals.subscribe(() => heard.push('first'));
    signals.subscribe(() => {
      throw new Error('deaf');
    });
    const stop = signals.subscribe(() => heard.push('third'));
    signals.publish(ENDED);
    expect(heard).toEqual(['first', 'third']);
    expect(logged).toHaveBeenCalledTimes(1);
    stop();
    signals.publish(ENDED);
    expect(heard).toEqual(['first', 'third', 'first']);
  });
});
