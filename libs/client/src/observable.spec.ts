import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ObservableState } from './observable.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('ObservableState', () => {
  it('computes its snapshot once per change', () => {
    const compute = jest.fn(() => ({}));
    const state = new ObservableState(compute);
    expect(state.getSnapshot()).toBe(state.getSnapshot());
    state.invalidate();
    state.invalidate();
    state.getSnapshot();
    expect(compute).toHaveBeenCalledTimes(2);
  });

  it('calls a listener once per subscription and change until it is unsubscribed', () => {
    const state = new ObservableState(() => 0);
    const listener = jest.fn();
    const stop = [state.subscribe(listener), state.subscribe(listener)];
    state.invalidate();
    expect(listener).toHaveBeenCalledTimes(2);
    stop[0]?.();
    stop[0]?.();
    state.invalidate();
    expect(listener).toHaveBeenCalledTimes(3);
    expect(listener).toHaveBeenCalledWith();
  });

  it('calls the other listeners when one throws, and reports the error as uncaught', () => {
    const queued = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined);
    const state = new ObservableState(() => 0);
    const listener = jest.fn();
    state.subscribe(() => {
      throw new Error('listener failed');
    });
    state.subscribe(listener);
    state.invalidate();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(queued.mock.calls[0]?.[0]).toThrow('listener failed');
  });
});
