import type { DeadLetter, DeadLetters } from '@chat/transport/rabbitmq';
import type { Command } from './command.ts';

/**
 * Runs a command and prints its output line by line.
 *
 * @throws Error when the dead letter does not exist
 */
export async function runCommand(
  command: Exclude<Command, { name: 'help' }>,
  deadLetters: DeadLetters,
  print: (line: string) => void,
): Promise<void> {
  switch (command.name) {
    case 'list':
      return list(deadLetters, print);
    case 'show':
      return show(deadLetters, command.id, print);
    case 'replay':
      return replay(deadLetters, command.id, print);
  }
}

async function list(deadLetters: DeadLetters, print: (line: string) => void): Promise<void> {
  let count = 0;
  for await (const { id, deadLetteredAt, roomId, reason } of deadLetters.all()) {
    count += 1;
    print([id, timeOf(deadLetteredAt), roomId ?? '-', reason].map(printable).join('  '));
  }
  print(count === 0 ? 'There are no dead letters.' : `Dead letters: ${count}.`);
}

async function show(
  deadLetters: DeadLetters,
  id: string,
  print: (line: string) => void,
): Promise<void> {
  let found = false;
  for await (const letter of deadLetters.all()) {
    if (letter.id !== id) continue;
    found = true;
    print(`id         ${printable(letter.id)}`);
    print(`reason     ${printable(letter.reason)}`);
    print(`time       ${timeOf(letter.deadLetteredAt)}`);
    print(`room       ${printable(letter.roomId ?? '-')}`);
    print(`partition  ${letter.partition ?? '-'}`);
    for (const line of contentOf(letter).split('\n')) print(printable(line));
  }
  if (!found) throw unknownId(id);
}

async function replay(
  deadLetters: DeadLetters,
  id: string | undefined,
  print: (line: string) => void,
): Promise<void> {
  const count = await deadLetters.replay(id);
  if (count === 0 && id !== undefined) throw unknownId(id);
  print(`Replayed: ${count}.`);
}

function unknownId(id: string): Error {
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

/** Replaces control characters: external text must not control the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\u{fffd}');
}
