import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { missingProgram, programPath } from './programs.ts';

describe('program lookup', () => {
  const path = process.env['PATH'];
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chat-programs-'));
    process.env['PATH'] = `/nowhere:${folder}`;
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });

  async function install(name: string): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, '#!/bin/sh\n');
    await chmod(file, 0o755);
    return file;
  }

  it('finds a program in any folder of PATH', async () => {
    const file = await install('redis-server');
    expect(programPath('redis-server')).toBe(file);
    expect(missingProgram('redis-server')).toBeUndefined();
  });

  it('falls back to Chrome when Chromium is not installed', async () => {
    const file = await install('google-chrome');
    expect(programPath('chromium')).toBe(file);
  });

  it('explains how to install a program that is not on PATH', () => {
    const reason =
      'redis-server is not installed (apt install redis-server, or brew install redis)';
    expect(missingProgram('redis-server')).toBe(reason);
    expect(() => programPath('redis-server')).toThrow(reason);
  });

  it('skips a file that is not executable', async () => {
    await chmod(await install('redis-server'), 0o644);
    expect(missingProgram('redis-server')).toBeDefined();
  });
});
