import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { StartError } from '../failures/start-error.ts';
import { runProcess } from './run-process.ts';

class Exit extends Error {}

const { argv } = process;
const known = process.listeners('uncaughtException');
let printed: string[];
beforeEach(() => {
  printed = [];
  process.argv = ['node', 'main.js'];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Exit(String(code));
  });
});
afterEach(() => {
  process.argv = argv;
  jest.restoreAllMocks();
  for (const listener of addedListeners()) process.off('uncaughtException', listener);
});

const addedListeners = () =>
  process.listeners('uncaughtException').filter((listener) => !known.includes(listener));

function run(error: unknown): Promise<void> {
  return runProcess({
    about: 'A server that does not start.',
    usage: 'server',
    settings: z.object({}),
    start: () => Promise.reject(error as Error),
  });
}

const duplicate = Object.assign(new Error('E11000 dup key: { email: "ada@example.com" }'), {
  keyValue: { email: 'ada@example.com' },
});

describe('runProcess', () => {
  it('prints a StartError as one line, and exits with code 1', async () => {
    await expect(run(new StartError('PORT: port 80 is in use.'))).rejects.toThrow(new Exit('1'));
    expect(printed).toEqual(['PORT: port 80 is in use.\n']);
  });

  it.each(['ENOTFOUND', 'EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'])(
    'prints the stack of an error with code %s that is not a StartError, and exits with code 1',
    async (code) => {
      const error = Object.assign(new Error(`querySrv ${code} db.example.com`), { code });
      await expect(run(error)).rejects.toThrow(new Exit('1'));
      expect(printed.join('')).toMatch(/^Error: querySrv [A-Z]+ db\.example\.com\n +at /);
    },
  );

  it('prints no user data from an error, whether or not it was caught', async () => {
    await expect(run(duplicate)).rejects.toThrow(new Exit('1'));
    const [uncaught] = addedListeners();
    expect(() => uncaught?.(duplicate, 'uncaughtException')).toThrow(new Exit('1'));
    expect(printed).toHaveLength(2);
    for (const text of printed) {
      expect(text).toMatch(/^Error: E11000 dup key: \[redacted\]\n +at /);
      expect(text).not.toContain('ada@');
    }
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'handles %s by the time it prints that the server is ready',
    async (signal) => {
      const before = process.listeners(signal);
      let handlers = 0;
      jest.spyOn(process.stdout, 'write').mockImplementation(() => {
        handlers = process.listeners(signal).length - before.length;
        return true;
      });
      await runProcess({
        about: 'A server that starts.',
        usage: 'server',
        settings: z.object({}),
        start: () => Promise.resolve({ ready: 'Ready.', close: () => Promise.resolve() }),
      });
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
        const [added] = process.listeners(name).slice(-1);
        if (added) process.off(name, added);
      }
      expect(handlers).toBe(1);
    },
  );
});
