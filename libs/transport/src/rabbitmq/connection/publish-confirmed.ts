import { randomUUID } from 'node:crypto';
import { withTimeout } from '@chat/platform/failures';
import type { ConfirmChannel, Message, Options } from 'amqplib';

const TIMEOUT_MS = 5_000;

/**
 * Publishes a message. Resolves once it is durable in a queue; rejects when no queue accepts it, or
 * the broker does not confirm it in time.
 */
export function publishConfirmed(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  content: Buffer,
  options: Options.Publish,
): Promise<void> {
  const correlationId = randomUUID();
  let returned = false;
  const onReturn = ({ properties }: Message): void => {
    if (properties.correlationId === correlationId) returned = true;
  };
  channel.on('return', onReturn);
  const confirmed = new Promise<void>((resolve, reject) => {
    channel.publish(
      exchange,
      routingKey,
      content,
      { ...options, correlationId, persistent: true, mandatory: true },
      (error: Error | null) => {
        if (error) reject(error);
        else if (returned) reject(new Error(`no queue bound to ${exchange}`));
        else resolve();
      },
    );
  });
  return withTimeout(confirmed, TIMEOUT_MS).finally(() =>
    channel.removeListener('return', onReturn),
  );
}
