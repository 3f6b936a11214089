import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

/** A program that only some suites need, and that a developer may not have installed. */
interface Program {
  /**
   * File names, the preferred one first; an absolute path if the program is never on the PATH.
   */
  readonly names: readonly string[];
  /** Searched before the PATH. */
  readonly preferredFolder?: string;
  /** Searched after the PATH. */
  readonly fallbackFolders?: readonly string[];
  /** How to install the program. */
  readonly install: string;
}

const PROGRAMS = {
  chromium: {
    names: [
      'chromium',
      'chromium-browser',
      'google-chrome',
      'google-chrome-stable',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    install: 'apt install chromium, or brew install --cask google-chrome',
  },
  'docker-compose': {
    names: ['docker-compose'],
    // The plugin behind `docker compose` is the same program.
    fallbackFolders: [
      join(homedir(), '.docker/cli-plugins'),
      '/usr/local/lib/docker/cli-plugins',
      '/usr/libexec/docker/cli-plugins',
      '/usr/lib/docker/cli-plugins',
    ],
    install: 'apt install docker-compose, or brew install docker-compose',
  },
  nginx: {
    names: ['nginx'],
    fallbackFolders: ['/usr/sbin'],
    install: 'apt install nginx-light, or brew install nginx',
  },
  prlimit: { names: ['prlimit'], install: 'apt install util-linux; Linux only' },
  'rabbitmq-server': {
    names: ['rabbitmq-server'],
    // Debian's scripts in /usr/sbin switch the user; these do not.
    preferredFolder: '/usr/lib/rabbitmq/bin',
    install: 'apt install rabbitmq-server, or brew install rabbitmq',
  },
  'redis-server': {
    names: ['redis-server'],
    install: 'apt install redis-server, or brew install redis',
  },
  strace: { names: ['strace'], install: 'apt install strace; Linux only' },
} as const satisfies Record<string, Program>;

export type RequiredProgram = keyof typeof PROGRAMS;

/**
 * Returns the path of a program.
 *
 * @throws Error with installation instructions if it is not installed
 */
export function programPath(program: RequiredProgram): string {
  const found = find(program);
  if (found === undefined) throw new Error(describeMissing(program));
  return found;
}

/** Returns why a program cannot run, and how to install it; undefined if it can. */
export function missingProgram(program: RequiredProgram): string | undefined {
  return find(program) === undefined ? describeMissing(program) : undefined;
}

/** Returns the first executable file with this name on the PATH; undefined if there is none. */
export function findOnPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Returns whether a path names a file that this process may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function find(program: RequiredProgram): string | undefined {
  const { names, preferredFolder, fallbackFolders = [] }: Program = PROGRAMS[program];
  const path = process.env['PATH']?.split(delimiter) ?? [];
  const folders = [...(preferredFolder ? [preferredFolder] : []), ...path, ...fallbackFolders];
  return names
    .flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))))
    .find(isExecutable);
}

function describeMissing(program: RequiredProgram): string {
  return `${program} is not installed (${PROGRAMS[program].install})`;
}
