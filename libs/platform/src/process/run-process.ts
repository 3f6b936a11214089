import type { z } from 'zod';
import { StartError } from '../failures/start-error.ts';
import { errorText } from '../logging/logged-errors.ts';
import { ignoreOutputErrors } from '../logging/standard-streams.ts';
import { describeSettings, loadSettings } from '../settings/settings.ts';
import { onStopSignal } from './stop-signals.ts';

/** Time after which a stop is aborted, in milliseconds. */
const STOP_TIMEOUT_MS = 15_000;

/** Server that runs in this process. */
export interface RunningServer {
  /** Line to print once the server is ready; contains its address. */
  readonly ready: string;
  /** Drains and stops the server. */
  close(): Promise<void>;
}

/** Description and start function of a server process. */
export interface ServerProgram<Shape extends z.ZodRawShape> {
  /** One-sentence description for `--help`. */
  readonly about: string;
  /** Command line for `--help`. */
  readonly usage: string;
  readonly settings: z.ZodObject<Shape>;
  /**
   * Starts the server.
   *
   * @param fail exits the process; call it when the server cannot continue
   * @throws StartError for causes that the operator can fix
   */
  start(
    settings: z.output<z.ZodObject<Shape>>,
    fail: (message: string, error: unknown) => void,
  ): Promise<RunningServer>;
}

/**
 * Runs a server process: reads its settings from options, environment and `.env`, starts the
 * server, prints that it is ready, and stops it on SIGTERM, SIGINT or SIGHUP; a second Ctrl-C
 * terminates the process immediately. Prints expected start errors as one line.
 */
export async function runProcess<Shape extends z.ZodRawShape>(
  program: ServerProgram<Shape>,
): Promise<void> {
  ignoreOutputErrors();
  const argv = process.argv.slice(2);
  if (argv.includes('--help') || argv.includes('-h')) {
    print(process.stdout, helpText(program));
    process.exit(0);
  }
  // Node would also exit, but print every property of the error, including documents and bodies.
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
    // Before the ready message: a signal may follow immediately.
    stopAtSignals(server);
    print(process.stdout, server.ready);
  } catch (error) {
    print(process.stderr, startFailure(error));
    process.exit(1);
  }
}

function stopAtSignals(server: RunningServer): void {
  onStopSignal(() => {
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        print(process.stderr, `The server failed to stop. ${errorText(error)}`);
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
    'Options (each can also be set as an environment variable or in .env):',
    ...options,
  ].join('\n');
}

/** Returns why the server did not start: the message of a StartError, else the error and stack. */
function startFailure(error: unknown): string {
  if (error instanceof StartError) return error.message;
  return errorText(error);
}

function print(stream: NodeJS.WritableStream, text: string): void {
  stream.write(`${text}\n`);
}
