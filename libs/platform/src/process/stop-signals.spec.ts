import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { onStopSignal } from './stop-signals.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

describe('onStopSignal', () => {
  const stop = jest.fn();
  const exit = jest.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  const receive = (signal: NodeJS.Signals) => process.emit(signal, signal);

  beforeEach(() => {
    jest.useFakeTimers();
    jest.clearAllMocks();
    onStopSignal(stop);
  });
  afterEach(() => {
    jest.useRealTimers();
    for (const signal of SIGNALS) {
      for (const listener of process.listeners(signal)) {
        if (!before.get(signal)?.includes(listener)) process.off(signal, listener);
      }
    }
  });

  it.each(SIGNALS)('stops once on %s followed by SIGTERM', (signal) => {
    receive(signal);
    receive('SIGTERM');
    expect(stop).toHaveBeenCalledTimes(1);
    expect(exit).not.toHaveBeenCalled();
  });

  it('treats two SIGINT at the same time as one Ctrl-C', () => {
    receive('SIGINT');
    receive('SIGINT');
    expect(exit).not.toHaveBeenCalled();
  });

  it('exits with code 130 on a second Ctrl-C', () => {
    receive('SIGINT');
    jest.advanceTimersByTime(1_000);
    receive('SIGTERM');
    expect(exit).not.toHaveBeenCalled();
    receive('SIGINT');
    expect(exit).toHaveBeenCalledWith(130);
  });
});
