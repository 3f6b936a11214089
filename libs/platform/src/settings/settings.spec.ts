import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { httpSettings } from './http-settings.ts';
import { processSettings } from './process-settings.ts';
import { flag, serviceOrigins, wholeNumber } from './setting-schemas.ts';
import { describeSettings, loadSettings, SettingsError, type SettingsSources } from './settings.ts';

const Settings = z.object({
  ...processSettings,
  ...httpSettings,
  SEND_RATE: wholeNumber(1, 1_000).default(50).describe('Rate of messages.'),
  AUTO_CREATE: flag.default(true).describe('Whether rooms are created.'),
  SECRET: z.string().optional().describe('Secret.'),
});

function load(sources: Partial<SettingsSources>) {
  return loadSettings(Settings, { argv: [], env: {}, ...sources });
}

function problemsOf(sources: Partial<SettingsSources>): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

function envFile(content: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'settings-')), '.env');
  writeFileSync(file, content);
  return file;
}

describe('settings', () => {
  it('have defaults for a local server', () => {
    expect(load({ envFile: '/nowhere/.env' })).toEqual({
      NODE_ENV: 'development',
      LOG_LEVEL: 'info',
      METRICS_HOST: '127.0.0.1',
      HOST: '127.0.0.1',
      PORT: 3000,
      SEND_RATE: 50,
      AUTO_CREATE: true,
    });
  });

  it('take precedence in the order command line, environment, file', () => {
    const sources = {
      argv: ['--port', '4001'],
      env: { PORT: '4002', HOST: '0.0.0.0' },
      envFile: envFile('PORT=4003\nHOST=::1\nLOG_LEVEL=debug\nAUTO_CREATE="false"\n'),
    };
    expect(load(sources)).toMatchObject({
      PORT: 4001,
      HOST: '0.0.0.0',
      LOG_LEVEL: 'debug',
      AUTO_CREATE: false,
    });
    expect(load({ argv: ['--send-rate=60'] }).SEND_RATE).toBe(60);
  });

  it('count as unset when they are empty', () => {
    expect(load({ env: { PORT: '' }, envFile: envFile('PORT=4003') }).PORT).toBe(4003);
  });

  it('are each named with their expected format when they are invalid', () => {
    expect(
      problemsOf({
        env: {
          PORT: 'http',
          LOG_LEVEL: 'loud',
          CORS_ORIGINS: 'https://ok.example,https://bad.example/path',
          TRUST_PROXY: '10.0.0.0/8, everyone',
          SEND_RATE: '1.5',
        },
      }).toSorted(),
    ).toEqual([
      'CORS_ORIGINS: must be origins separated by commas, such as https://chat.example.com.',
      'LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent.',
      'PORT: must be a whole number from 0 to 65535.',
      'SEND_RATE: must be a whole number from 1 to 1000.',
      'TRUST_PROXY: must be addresses or networks separated by commas, such as 10.0.0.0/8.',
    ]);
    expect(problemsOf({ argv: ['--port', '65536'] })).toHaveLength(1);
  });

  it('allow only plain HTTP origins for services', () => {
    const urls = serviceOrigins('the users service', 3001);
    const problems = (text: string) => urls.safeParse(text).error?.issues.length;
    expect(problems('http://users:3001,http://10.0.0.7:3001')).toBeUndefined();
    for (const text of ['https://users', 'ftp://users', 'http://users/path']) {
      expect(problems(text)).toBe(1);
    }
  });

  it.each([
    [['--prot', '3000'], ['Unknown option --prot.']],
    [['--port'], ['Option --port needs a value.']],
    [['-p', '3000'], ['Unknown option -p.']],
    [['hunter2'], ['Only options are allowed']],
  ])('are rejected when the command line is %j', (argv, expected) => {
    const problems = problemsOf({ argv });
    expect(problems).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(problems[index]).toContain(start);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('are listed by describeSettings with description, option and default', () => {
    const described = describeSettings(Settings);
    expect(described.map(({ name }) => name)).toEqual(Object.keys(Settings.shape));
    for (const { description } of described) expect(description).toMatch(/\.$/);
    expect(described.find(({ name }) => name === 'PORT')).toMatchObject({
      option: '--port',
      defaultValue: '3000',
    });
    expect(described.find(({ name }) => name === 'SECRET')?.defaultValue).toBeUndefined();
  });
});
