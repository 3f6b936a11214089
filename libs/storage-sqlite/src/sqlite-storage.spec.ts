import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UnavailableError } from '@chat/platform/failures';
import { Logger } from '@nestjs/common';
import { message } from '../test/message.ts';
import {
  DataDirectoryInUseError,
  DataDirectoryUnusableError,
  prepareDataDirectory,
} from './data-directory.ts';
import { openSqliteStorage, type SqliteStorage } from './sqlite-storage.ts';

const WRITER = fileURLToPath(new URL('../test/writer-process.ts', import.meta.url));
const EARLIER_VERSION = fileURLToPath(
  new URL('../test/earlier-version-process.ts', import.meta.url),
);

/** Runs a script that uses a data directory until it is killed. */
class DataProcess {
  #output = '';
  readonly #child: ChildProcess;

  constructor(script: string, ...args: string[]) {
    this.#child = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  get lines(): string[] {
    // The text after the last line break may be an incomplete line.
    return this.#output.split('\n').slice(0, -1);
  }

  async waitForLines(count: number): Promise<void> {
    while (this.lines.length < count) await delay(5);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}

describe('the SQLite data directory', () => {
  let tempDir: string;
  let dataDir: string;
  let file: string;
  const opened: SqliteStorage[] = [];
  const processes: DataProcess[] = [];
  const onFailure = jest.fn();

  async function open(): Promise<SqliteStorage> {
    const storage = await openSqliteStorage({ dataDir, onFailure });
    opened.push(storage);
    return storage;
  }

  async function start(script: string, ...args: string[]): Promise<DataProcess> {
    const child = new DataProcess(script, ...args);
    processes.push(child);
    await child.waitForLines(1);
    return child;
  }

  /** Starts a process that stores messages. */
  function startWriter(firstSeq = 1): Promise<DataProcess> {
    const { database, lock } = prepareDataDirectory(dataDir);
    return start(WRITER, database, lock, String(firstSeq));
  }

  /** Starts a process that opens the database as the versions without a lock file did. */
  function startEarlierVersion(): Promise<DataProcess> {
    return start(EARLIER_VERSION, prepareDataDirectory(dataDir).database);
  }

  beforeEach(async () => {
    tempDir = await mkdtemp(join(tmpdir(), 'chat-storage-'));
    dataDir = join(tempDir, 'data');
    file = join(dataDir, 'chat.sqlite');
    onFailure.mockClear();
  });

  afterEach(async () => {
    for (const child of processes.splice(0)) await child.kill();
    for (const storage of opened.splice(0)) await storage.close();
    await rm(tempDir, { recursive: true });
    jest.restoreAllMocks();
  });

  /** Skips the wait for a directory in use as soon as the wait is logged. */
  function skipLockWait(): void {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {
      const now = performance.now.bind(performance);
      jest.spyOn(performance, 'now').mockImplementation(() => now() + 10_001);
    });
  }

  it('is created on the first start, accessible to its owner only', async () => {
    dataDir = join(tempDir, 'missing', 'data');
    const storage = await open();
    await storage.check();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    const names = (await readdir(dataDir)).sort();
    expect(names).toEqual(['chat.sqlite', 'chat.sqlite-shm', 'chat.sqlite-wal', 'lock.sqlite']);
    for (const name of names) {
      expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('rejects a second process with a one-line error until the first is killed', async () => {
    const writer = await startWriter();
    expect(writer.lines[0]).toBe('opened');
    skipLockWait();
    const failure: unknown = await open().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataDirectoryInUseError);
    const { message } = failure as Error;
    expect(message).toContain(dataDir);
    expect(message).not.toContain('\n');
    await writer.kill();
    await (await open()).check();
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('is opened, after a warning, once another process that uses it exits', async () => {
    const writer = await startWriter();
    const warned = Promise.withResolvers<unknown>();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(warned.resolve);
    const storage = open();
    expect(await warned.promise).toMatchObject({ dataDir });
    await writer.kill();
    await (await storage).check();
  });

  it('stays locked against other processes when the process that holds the lock opens it again', async () => {
    await open();
    skipLockWait();
    await expect(open()).rejects.toBeInstanceOf(DataDirectoryInUseError);
    const writer = await startWriter();
    expect(writer.lines).toEqual(['open-failed']);
  });

  it('is rejected while an earlier version of the server uses it, and accepted afterwards', async () => {
    const earlier = await startEarlierVersion();
    expect(earlier.lines).toEqual(['opened']);
    skipLockWait();
    await expect(open()).rejects.toBeInstanceOf(DataDirectoryInUseError);
    await earlier.kill();
    await (await open()).check();
  });

  it('is rejected by an earlier version of the server while it is open', async () => {
    const storage = await open();
    expect((await startEarlierVersion()).lines).toEqual(['open-failed']);
    await storage.close();
    expect((await startEarlierVersion()).lines).toEqual(['opened']);
  });

  it('is locked by an exclusive transaction on its lock file', async () => {
    const storage = await open();
    const lock = new DatabaseSync(join(dataDir, 'lock.sqlite'));
    expect(() => lock.exec('BEGIN EXCLUSIVE')).toThrow('locked');
    await storage.close();
    lock.exec('BEGIN EXCLUSIVE');
    skipLockWait();
    await expect(open()).rejects.toBeInstanceOf(DataDirectoryInUseError);
    lock.close();
  });

  it('stays locked when its lock file is deleted while it is open', async () => {
    await open();
    await rm(join(dataDir, 'lock.sqlite'));
    expect((await startWriter()).lines).toEqual(['open-failed']);
  });

  it('contains no write-ahead log after its storage was closed during reads and writes', async () => {
    const storage = await open();
    const calls = Array.from({ length: 50 }, (_, index) => [
      storage.messages.append([message(index + 1)]),
      storage.messages.page('den', { kind: 'newest' }, 50),
    ]);
    await Promise.all([storage.close(), ...calls.flat()]);
    expect((await readdir(dataDir)).sort()).toEqual(['chat.sqlite', 'lock.sqlite']);
  });

  it('can be reopened after its storage was closed', async () => {
    const storage = await open();
    await storage.close();
    await expect(storage.check()).rejects.toBeInstanceOf(UnavailableError);
    expect(onFailure).not.toHaveBeenCalled();
    await (await open()).check();
  });

  it('contains every acknowledged message, without gaps, after the process that writes to it is killed', async () => {
    let stored = 0;
    for (const lines of [3, 200, 700]) {
      const writer = await startWriter(stored + 1);
      await writer.waitForLines(lines);
      await writer.kill();
      expect(writer.lines.filter((line) => line.startsWith('failed'))).toEqual([]);
      const acknowledged = Number(writer.lines.at(-1));
      expect(acknowledged).toBeGreaterThan(stored);

      const storage = await open();
      const { messages, head } = await storage.messages.changes('den', 0, 100_000);
      expect(head.seq).toBeGreaterThanOrEqual(acknowledged);
      expect(messages.map(({ seq }) => seq)).toEqual(
        Array.from({ length: head.seq }, (_, index) => index + 1),
      );
      stored = head.seq;
      await storage.close();
    }
  });

  it('is rejected and left unchanged when it was written by a newer version of the server', async () => {
    await (await open()).close();
    const newer = new DatabaseSync(file);
    newer.exec('PRAGMA user_version = 1000');
    newer.close();
    await expect(open()).rejects.toThrow(
      /DATA_DIR: the directory .* cannot be used: .*version 1000, which is newer/,
    );
    expect(onFailure).not.toHaveBeenCalled();
    const after = new DatabaseSync(file, { readOnly: true });
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1000 });
    after.close();
  });

  it('is rejected when its database file is not a database', async () => {
    prepareDataDirectory(dataDir);
    await writeFile(file, 'This is text, not a database. '.repeat(200));
    const failure: unknown = await open().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataDirectoryUnusableError);
    expect((failure as Error).message).not.toContain('\n');
  });

  it('is rejected when its path, or a parent of it, is a file', async () => {
    await writeFile(dataDir, '');
    await expect(open()).rejects.toBeInstanceOf(DataDirectoryUnusableError);
    dataDir = join(dataDir, 'child');
    await expect(open()).rejects.toThrow('the path, or a parent of it, is not a directory');
  });
});
