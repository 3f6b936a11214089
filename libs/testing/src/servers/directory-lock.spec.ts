import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DirectoryLock } from './directory-lock.ts';

describe('DirectoryLock', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'chat-lock-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('rejects a second lock under any path of the directory until the first is released', async () => {
    const lock = await DirectoryLock.take(directory);
    const alias = join(directory, 'alias');
    await symlink(directory, alias);
    await expect(DirectoryLock.take(alias)).rejects.toThrow(
      `the directory ${alias} is in use by another process`,
    );
    lock.release();
    (await DirectoryLock.take(directory)).release();
  });

  it('does not lock other directories', async () => {
    const locks = [await DirectoryLock.take(directory), await DirectoryLock.take(tmpdir())];
    for (const lock of locks) lock.release();
  });
});
