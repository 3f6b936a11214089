import { chmodSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SettingsError } from '@chat/platform/settings';
import { resolveJwtSecret } from './jwt-secret.ts';

const createTempDir = () => mkdtempSync(join(tmpdir(), 'jwt-secret-'));

function settingsErrorOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('JWT_SECRET in production', () => {
  const resolve = (JWT_SECRET?: string) =>
    resolveJwtSecret({ NODE_ENV: 'production', JWT_SECRET }, createTempDir());

  it.each([
    ['missing', undefined],
    ['short', 'k3v9-x2m7-q8w4-z6t1-b5n0-h7j3-a'],
    ['one repeated character', 'x'.repeat(64)],
    ['a repeated word', 'secret'.repeat(10)],
    ['an example', 'your-256-bit-secret-your-256-bit-secret'],
    ['a placeholder', 'change-me-in-production-change-me-please'],
    ['a keyboard walk', '12345678901234567890123456789012'],
  ])('is rejected when it is %s, and is not quoted in the error', (_weakness, secret) => {
    const message = settingsErrorOf(() => resolve(secret));
    expect(message).toMatch(/^JWT_SECRET: .*32 random characters/);
    if (secret) expect(message).not.toContain(secret);
  });

  it.each(['base64', 'hex'] as const)('is accepted when it is random %s', (encoding) => {
    const secret = randomBytes(32).toString(encoding);
    expect(resolve(secret)).toBe(secret);
  });
});

describe('JWT_SECRET in development', () => {
  const resolve = (dir: string, JWT_SECRET?: string) =>
    resolveJwtSecret({ NODE_ENV: 'development', JWT_SECRET }, dir);

  it('is generated once and stored in a file that only its owner can read', () => {
    const dir = join(createTempDir(), 'data');
    const secret = resolve(dir);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect(resolve(dir)).toBe(secret);
    expect(resolve(createTempDir())).not.toBe(secret);
    expect(readdirSync(dir)).toEqual(['jwt-secret']);
    expect(statSync(join(dir, 'jwt-secret')).mode & 0o777).toBe(0o600);
  });

  it('is taken from the environment if it is set there, and no file is created', () => {
    const dir = createTempDir();
    expect(resolve(dir, 'mine')).toBe('mine');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is rejected when its file is damaged', () => {
    const dir = createTempDir();
    writeFileSync(join(dir, 'jwt-secret'), 'half');
    chmodSync(join(dir, 'jwt-secret'), 0o600);
    expect(settingsErrorOf(() => resolve(dir))).toMatch(/^JWT_SECRET: the file .* is damaged/);
  });
});
