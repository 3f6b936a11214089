import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RabbitMqServer } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { DeadLetters } from '@chat/transport/rabbitmq';
import { connect, type ChannelModel } from 'amqplib';
import { readCommand } from './command.ts';
import { runCommand } from './run-command.ts';

jest.setTimeout(60_000);

describe('readCommand', () => {
  it('parses help, list, show and replay', () => {
    expect(readCommand([])).toEqual({ name: 'help' });
    expect(readCommand(['list'])).toEqual({ name: 'list' });
    expect(readCommand(['show', 'x'])).toEqual({ name: 'show', id: 'x' });
    expect(readCommand(['replay', 'x'])).toEqual({ name: 'replay', id: 'x' });
    expect(readCommand(['replay', 'all'])).toEqual({ name: 'replay', id: undefined });
  });

  for (const args of [['erase'], ['show'], ['replay'], ['list', 'x'], ['replay', 'x', 'y']]) {
    it(`rejects "${args.join(' ')}" with a one-line error`, () => {
      expect(() => readCommand(args)).toThrow(/^[^\n]+\.$/);
    });
  }
});

describeWithProgram('rabbitmq-server', 'runCommand', () => {
  let broker: RabbitMqServer;
  let connection: ChannelModel;
  let deadLetters: DeadLetters;

  beforeAll(async () => {
    broker = await RabbitMqServer.start();
    connection = await connect(broker.url);
    deadLetters = await DeadLetters.open(broker.url);
  });
  afterAll(async () => {
    await deadLetters.close();
    await connection.close();
    await broker.close();
  });

  async function run(...args: string[]): Promise<string[]> {
    const lines: string[] = [];
    const command = readCommand(args);
    if (command.name === 'help') throw new Error('runCommand has no help command');
    await runCommand(command, deadLetters, (line) => lines.push(line));
    return lines;
  }

  beforeEach(async () => {
    await run('list');
    const channel = await connection.createConfirmChannel();
    await channel.purgeQueue('chat.messages.dead');
    channel.publish(
      'chat.messages.dead',
      '',
      Buffer.from(JSON.stringify({ data: { roomId: 'general', text: '\u001b[2J\u009b2J' } })),
      {
        messageId: 'odd\u001b[2J',
        timestamp: 1_700_000_000,
        headers: { 'x-chat-reason': 'Room not found.', 'x-chat-partition': 11 },
      },
    );
    await channel.waitForConfirms();
    await channel.close();
  });

  it('lists dead letters by id, time, room and reason, without control characters', async () => {
    expect(await run('list')).toEqual([
      'odd\u{fffd}[2J  2023-11-14T22:13:20.000Z  general  Room not found.',
      'Dead letters: 1.',
    ]);
  });

  it('shows the partition and content of a dead letter without control characters', async () => {
    const output = (await run('show', 'odd\u001b[2J')).join('\n');
    expect(output).toContain('partition  11');
    expect(output).toContain('"roomId": "general"');
    expect(output.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('replays all dead letters, after which list finds none', async () => {
    expect(await run('replay', 'all')).toEqual(['Replayed: 1.']);
    expect(await run('list')).toEqual(['There are no dead letters.']);
  });

  it('names the id in the error of show and replay when no dead letter has it', async () => {
    await expect(run('show', 'unknown')).rejects.toThrow('there is no dead letter "unknown".');
    await expect(run('replay', 'unknown')).rejects.toThrow('there is no dead letter "unknown".');
  });
});
