import type { z } from 'zod';
import { errorText } from './logged-errors.ts';
import { describeSettings, loadSettings } from './settings.ts';
import { outliveReaders } from './standard-streams.ts';
import { StartError } from './start-error.ts';
import { onStopSignal } from './stop-signals.ts';

/** A stop that takes longer than this is broken off. */
const LONGEST_STOP_MS = 15_000;

/** A server that runs in this process. */
export interface RunningServer {
  /** One line that says that it is ready, and where. */
  readonly ready: string;
  /** Drains and stops it. */
  close(): Promise<void>;
}

/** What a process is, and how it starts. */
export interface ServerProgram<Shape extends z.ZodRawShape> {
  /** One sentence for `--help`. */
  readonly about: string;
  /** How it is called, for `--help`. */
  readonly usage: string;
  readonly settings: z.ZodObject<Shape>;
  /**
   * @param fail to be called when the server can go on no more; ends the process
   * @throws StartError for what whoever starts it can mend
   */
  start(
    settings: z.output<z.ZodObject<Shape>>,
    fail: (message: string, error: unknown) => void,
  ): Promise<RunningServer>;
}

/**
 * The life of a server process: reads its settings from options, environment
 * and `.env`, starts it, says that it is ready, and stops it at SIGTERM, SIGINT
 * or SIGHUP; a second Ctrl-C ends it at once. What is wrong is said in a line.
 */
export async function runProcess<Shape extends z.ZodRawShape>(
  program: ServerProgram<Shape>,
): Promise<void> {
  outliveReaders();
  const argv = process.argv.slice(2);
  if (argv.includes('--help') || argv.includes('-h')) {
    print(process.stdout, helpText(program));
    process.exit(0);
  }
  // Node would end it too, but print every property of the error, documents and bodies included.
  process.on('uncaughtException', (error) => {
    print(process.stderr, errorText(error));
    process.exit(1);
  });
  try {
    const settings = loadSettings(program.settings, { argv, env: process.env, envFile: '.env' });
    const server = await program.start(settings, (message, error) => {
      print(process.stderr, `${message} ${errorText(error)}`);
      process.exit(1);
    });
    // Before it says that it is ready: a signal may follow at once.
    stopAtSignals(server);
    print(process.stdout, server.ready);
  } catch (error) {
    print(process.stderr, startFailure(error));
    process.exit(1);
  }
}

function stopAtSignals(server: RunningServer): void {
  onStopSignal(() => {
    setTimeout(() => process.exit(1), LONGEST_STOP_MS).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        print(process.stderr, `The stop failed. ${errorText(error)}`);
        process.exit(1);
      },
    );
  });
}

function helpText<Shape extends z.ZodRawShape>({
  about,
  usage,
  settings,
}: ServerProgram<Shape>): string {
  const options = describeSettings(settings).map(
    ({ name, option, description, defaultValue }) =>
      `  ${option} (${name})\n      ${description}` +
      (defaultValue === undefined ? '' : ` Default: ${defaultValue}.`),
  );
  return [
    about,
    '',
    `Usage: ${usage}`,
    '',
    'Options, each also an environment variable or a line in .env:',
    ...options,
  ].join('\n');
}

/** Why the server did not start, in a line that helps; with a stack only for what nobody expected. */
function startFailure(error: unknown): string {
  if (error instanceof StartError) return error.message;
  return errorText(error);
}

function print(stream: NodeJS.WritableStream, text: string): void {
  stream.write(`${text}\n`);
}
