import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@chat/testing';
import { documentedCommands } from './documented-commands.ts';
import { WorkspaceCopy } from './workspace-copy.ts';
import { ROOT, targetsOfProjects, type Targets } from '../nx.ts';

/** Time limit for a command, including builds on a busy machine. */
const COMMAND_TIMEOUT_MS = 240_000;

/** How a documented command is exercised. */
type Exercise =
  /** Run with appended arguments; checks output and exit code. */
  | { readonly append: string; readonly prints: RegExp; readonly code?: number }
  /** Started, and stopped once it has printed all of these texts. */
  | { readonly untilItPrints: readonly string[] }
  /** Not run; the project must have these Nx targets. */
  | { readonly project: string; readonly targets: readonly string[] }
  /** Not run here: `runBy` runs it, which is checked by searching that file for `text`. */
  | { readonly runBy: string; readonly text: string };

const help = { append: '--help', prints: /--help/ };
const options = { append: '-- --help', prints: /--help/ };
const byCi = (text: string): Exercise => ({ runBy: '.ci/run', text });

/** The first matching pattern decides how a command is exercised. */
const EXERCISES: readonly (readonly [RegExp, Exercise])[] = [
  [/^npm ci$/, byCi('npm ci')],
  [/^npm test$/, byCi('npm test')],
  [/^npm run check$/, byCi('npm run check')],
  [/^npm run check:lint$/, { runBy: 'package.json', text: 'npm:check:lint' }],
  [/^npm install( --package-lock-only)?$/, { append: '--help', prints: /npm install/ }],
  [/^npm run$/, { append: '', prints: /socket-test/ }],
  [/^npm start$/, { append: '-- --help', prints: /--data-dir/ }],
  [/^npm start -- /, { append: '--help', prints: /--data-dir/ }],
  [/^npm run dev$/, { untilItPrints: ['The chat server is ready', 'Local:'] }],
  [/^npm run (services|bench|test:faults|socket-test|dead-letters)$/, options],
  [/^npm run (services|bench|test:faults) -- /, help],
  [
    /^npm run dead-letters -- list$/,
    { append: '', prints: /RabbitMQ cannot be reached \(ECONNREFUSED\)/, code: 1 },
  ],
  // The workspace copy has no Git history.
  [/^npm run changelog$/, { append: '', prints: /needs the complete history/, code: 1 }],
  [/^npm run format$/, { append: '-- --version', prints: /\d+\.\d+/ }],
  [/^npm run build$/, { project: '@chat/standalone', targets: ['build', 'bundle'] }],
  [
    /^npx nx affected -t lint typecheck test build e2e$/,
    { project: '@chat/chat-e2e', targets: ['lint', 'typecheck', 'e2e'] },
  ],
  [
    /^npx nx (test|show project) @chat\/messages$/,
    { project: '@chat/messages', targets: ['test'] },
  ],
  [
    /^npx nx generate @chat\/tools:feature-library <name>$/,
    { runBy: 'testing/workspace/src/feature-library.spec.ts', text: "'generate', GENERATOR" },
  ],
  [
    /^npx nx generate @nx\/react:component /,
    { append: '--dry-run', prints: /CREATE apps\/web\/src\/rooms\/UnreadBadge\.tsx/ },
  ],
  [/^npx nx sync$/, { runBy: 'package.json', text: 'nx sync:check' }],
  [/^npx nx test client$/, { project: '@chat/client', targets: ['test'] }],
  [/^npx nx serve <service>-service$/, { project: '@chat/chat-service', targets: ['serve'] }],
  [
    /^node apps\/<service>\/bundle\/main\.js$/,
    { project: '@chat/chat-service', targets: ['bundle'] },
  ],
  [/^node socket_test\.js$/, { append: '--help', prints: /node socket_test\.js/ }],
  [/^docker compose up --build$/, { runBy: '.github/workflows/ci.yml', text: 'docker compose up' }],
];

const exerciseOf = (command: string) => EXERCISES.find(([pattern]) => pattern.test(command))?.[1];

const commands = await documentedCommands();

describe('a documented command', () => {
  let copy: WorkspaceCopy;
  let targets: ReadonlyMap<string, Targets>;
  beforeAll(async () => {
    copy = await WorkspaceCopy.create();
    targets = await targetsOfProjects();
  });
  afterAll(() => copy.remove());

  it.each(commands)(
    'works right after `npm ci`: %s',
    async (command) => {
      const exercise = exerciseOf(command);
      if (exercise === undefined) throw new Error('no entry in EXERCISES matches this command');
      if ('append' in exercise) {
        const { code, output } = await run(copy, `${command} ${exercise.append}`.trim());
        expect(output).toMatch(exercise.prints);
        expect(code).toBe(exercise.code ?? 0);
      } else if ('untilItPrints' in exercise) {
        await startAndStop(copy, command, exercise.untilItPrints);
      } else if ('targets' in exercise) {
        expect(Object.keys(targets.get(exercise.project) ?? {})).toEqual(
          expect.arrayContaining([...exercise.targets]),
        );
      } else {
        expect(await readFile(join(ROOT, exercise.runBy), 'utf8')).toContain(exercise.text);
      }
    },
    COMMAND_TIMEOUT_MS,
  );

  it('exists for every entry of the exercise table', () => {
    const unused = EXERCISES.filter(
      ([pattern]) => !commands.some((command) => pattern.test(command)),
    );
    expect(unused.map(([pattern]) => String(pattern))).toEqual([]);
  });
});

/** Environment of a user's shell, with a free port and an unreachable broker. */
function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    PORT: '0',
    RABBITMQ_URL: 'amqp://127.0.0.1:1',
  };
}

/** Returns the working directory of a command: `socket_test.js` runs in `tools`. */
const workingDirectoryOf = (copy: WorkspaceCopy, command: string): string =>
  command.startsWith('node socket_test.js') ? join(copy.root, 'tools') : copy.root;

function run(copy: WorkspaceCopy, command: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      '/bin/sh',
      ['-c', command],
      { cwd: workingDirectoryOf(copy, command), env: environment() },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ code, output: stdout + stderr });
      },
    );
  });
}

async function startAndStop(
  copy: WorkspaceCopy,
  command: string,
  printed: readonly string[],
): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
    cwd: copy.root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  // Closed once all descendants, which write to the same pipes, have exited.
  const closed = once(child, 'close');
  try {
    await eventually(() => {
      for (const text of printed) expect(output).toContain(text);
    }, COMMAND_TIMEOUT_MS / 2);
  } finally {
    child.kill('SIGTERM');
    await closed;
  }
}
