import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { z } from 'zod';
import { InMemorySignals } from './in-memory-signals.ts';
import { defineSignal } from './signals.ts';

const ENDED = defineSignal('ended', { sessionId: z.string() });
const STARTED = defineSignal('started', { sessionId: z.string() });

describe('InMemorySignals', () => {
  it('delivers a signal to every subscriber even if one of them throws', () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const signals = new InMemorySignals();
    const received: string[] = [];
    signals.on(ENDED, () => received.push('first'));
    signals.on(ENDED, () => {
      throw new Error('listener failed');
    });
    const unsubscribe = signals.on(ENDED, () => received.push('third'));
    signals.publish(ENDED, { sessionId: 's1' });
    expect(received).toEqual(['first', 'third']);
    expect(logged).toHaveBeenCalledTimes(1);
    unsubscribe();
    signals.publish(ENDED, { sessionId: 's1' });
    expect(received).toEqual(['first', 'third', 'first']);
  });

  it('delivers a signal, with its type, only to the listeners of its kind', () => {
    const signals = new InMemorySignals();
    const ended: unknown[] = [];
    const started: unknown[] = [];
    signals.on(ENDED, (signal) => ended.push(signal));
    signals.on(STARTED, (signal) => started.push(signal));
    signals.publish(STARTED, { sessionId: 's1' });
    expect(started).toEqual([{ type: 'started', sessionId: 's1' }]);
    expect(ended).toEqual([]);
  });

  it('rejects a second definition with the same type', () => {
    const signals = new InMemorySignals();
    signals.on(ENDED, () => {});
    const other = defineSignal('ended', { roomId: z.string() });
    expect(() => signals.on(other, () => {})).toThrow('Two signals have the type ended.');
  });
});
