import type { DeadLetter, DeadLetters } from '@chat/transport/rabbitmq';
import type { Command } from './command.ts';

/**
 * Does what the command says and tells of it line by line.
 *
 * @throws Error when there is no such dead letter
 */
export async function runCommand(
  command: Exclude<Command, { name: 'help' }>,
  deadLetters: DeadLetters,
  tell: (line: string) => void,
): Promise<void> {
  switch (command.name) {
    case 'list':
      return list(deadLetters, tell);
    case 'show':
      return show(deadLetters, command.id, tell);
    case 'replay':
      return replay(deadLetters, command.id, tell);
  }
}

async function list(deadLetters: DeadLetters, tell: (line: string) => void): Promise<void> {
  let count = 0;
  for await (const { id, diedAt, roomId, reason } of deadLetters.all()) {
    count += 1;
    tell([id, timeOf(diedAt), roomId ?? '-', reason].map(printable).join('  '));
  }
  tell(count === 0 ? 'There are no dead letters.' : `Dead letters: ${count}.`);
}

async function show(
  deadLetters: DeadLetters,
  wanted: string,
  tell: (line: string) => void,
): Promise<void> {
  let found = false;
  for await (const letter of deadLetters.all()) {
    if (letter.id !== wanted) continue;
    found = true;
    tell(`id         ${printable(letter.id)}`);
    tell(`reason     ${printable(letter.reason)}`);
    tell(`died       ${timeOf(letter.diedAt)}`);
    tell(`room       ${printable(letter.roomId ?? '-')}`);
    tell(`partition  ${letter.partition ?? '-'}`);
    for (const line of contentOf(letter).split('\n')) tell(printable(line));
  }
  if (!found) throw noSuch(wanted);
}

async function replay(
  deadLetters: DeadLetters,
  id: string | undefined,
  tell: (line: string) => void,
): Promise<void> {
  const count = await deadLetters.replay(id);
  if (count === 0 && id !== undefined) throw noSuch(id);
  tell(`Sent again: ${count}.`);
}

function noSuch(id: string): Error {
  return new Error(`there is no dead letter "${id}".`);
}

function timeOf(date: Date | undefined): string {
  return date?.toISOString() ?? '-';
}

function contentOf({ content }: DeadLetter): string {
  const text = content.toString();
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return JSON.stringify(text);
  }
}

/** Without control characters: what comes from outside must not steer a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\u{fffd}');
}
