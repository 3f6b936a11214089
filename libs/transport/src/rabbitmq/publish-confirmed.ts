import { randomUUID } from 'node:crypto';
import type { ConfirmChannel, Message, Options } from 'amqplib';
import { within } from './time-limit.ts';

const TIMEOUT_MS = 5_000;

/** Resolves once the message is durable in a queue; rejects when it is in none, or that cannot be said in time. */
export function publishConfirmed(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  content: Buffer,
  options: Options.Publish,
): Promise<void> {
  const correlationId = randomUUID();
  let returned = false;
  const hear = ({ properties }: Message): void => {
    if (properties.correlationId === correlationId) returned = true;
  };
  channel.on('return', hear);
  const confirmed = new Promise<void>((resolve, reject) => {
    channel.publish(
      exchange,
      routingKey,
      content,
      { ...options, correlationId, persistent: true, mandatory: true },
      (error: Error | null) => {
        if (error) reject(error);
        else if (returned) reject(new Error(`no queue behind ${exchange}`));
        else resolve();
      },
    );
  });
  return within(TIMEOUT_MS, confirmed).finally(() => channel.removeListener('return', hear));
}
