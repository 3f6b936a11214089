import { loadSettings, SettingsError } from '@chat/platform/settings';
import { DeadLetters, rabbitMqSettings } from '@chat/transport/rabbitmq';
import { z } from 'zod';
import { HELP, readCommand, type Command } from './command.ts';
import { runCommand } from './run-command.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let command: Command;
  try {
    command = readCommand(args);
  } catch (error) {
    console.error(`dead-letters: ${(error as Error).message} (--help shows the commands)`);
    return 2;
  }
  if (command.name === 'help') {
    console.log(HELP);
    return 0;
  }
  let deadLetters: DeadLetters | undefined;
  try {
    const settings = loadSettings(z.object({ RABBITMQ_URL: rabbitMqSettings.RABBITMQ_URL }), {
      argv: [],
      env: process.env,
      envFile: '.env',
    });
    deadLetters = await DeadLetters.open(settings.RABBITMQ_URL);
    await runCommand(command, deadLetters, (line) => console.log(line));
    return 0;
  } catch (error) {
    console.error(`dead-letters: ${toErrorLine(error)}`);
    return 1;
  } finally {
    await deadLetters?.close();
  }
}

function toErrorLine(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  const { message, code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? `RabbitMQ cannot be reached (${code}).` : message;
}
