import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const APPS = fileURLToPath(new URL('../../../', import.meta.url));
const SERVICES = ['users', 'messages', 'chat', 'gateway'];

function run(
  service: string,
  args: readonly string[],
): Promise<{ code: number | string | null; stdout: string; stderr: string }> {
  const main = `${APPS}${service}/bundle/main.js`;
  return new Promise((resolve) => {
    const options = { cwd: tmpdir(), env: {}, timeout: 20_000 };
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? null) : 0, stdout, stderr });
    });
  });
}

describe.each(SERVICES)('the settings of %s', (service) => {
  it('are listed by --help, including all of .env.example', async () => {
    const { code, stdout } = await run(service, ['--help']);
    expect(code).toBe(0);
    const known = [...stdout.matchAll(/\(([A-Z_]+)\)$/gm)].map(([, name]) => name);
    const example = await readFile(`${APPS}${service}/.env.example`, 'utf8');
    const named = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('are named in an error without a stack trace or secrets when missing or invalid', async () => {
    const missing = await run(service, []);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining('REDIS_URL: must be set.\n'),
    ]);
    const wrong = await run(service, ['--redis-url', 'http://secret@nowhere', '--port', 'x']);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^PORT: must be/m);
    expect(wrong.stderr).toMatch(/^REDIS_URL: must be/m);
    expect(wrong.stderr).not.toMatch(/secret|\bat /);
  });
});
