import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DirectoryLock } from './directory-lock.ts';

describe('DirectoryLock', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chat-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('rejects a second lock under any path of the folder until the first is released', async () => {
    const lock = await DirectoryLock.take(folder);
    const alias = join(folder, 'alias');
    await symlink(folder, alias);
    await expect(DirectoryLock.take(alias)).rejects.toThrow(
      `the folder ${alias} is in use by another process`,
    );
    lock.release();
    (await DirectoryLock.take(folder)).release();
  });

  it('does not lock other folders', async () => {
    const locks = [await DirectoryLock.take(folder), await DirectoryLock.take(tmpdir())];
    for (const lock of locks) lock.release();
  });
});
