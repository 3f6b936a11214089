import { resolveJwtSecret } from '@chat/auth';
import { CommandConsumers, MessageStore, PartitionWriters } from '@chat/messages';
import { configureHttpApp, serveOpenApi, startHttpApp } from '@chat/platform/http';
import { HealthChecks, Metrics } from '@chat/platform/monitoring';
import { runProcess } from '@chat/platform/process';
import { PartitionedRmqServer } from '@chat/transport/rabbitmq';
import { registerConsumerMetrics } from './consumer-metrics.ts';
import { messagesSettings } from './messages-settings.ts';
import type { RabbitMqCommandConsumers } from './rabbitmq-command-consumers.ts';
import { MessagesServiceModule } from './messages-service.module.ts';

/** Directory of the generated JWT secret (development), relative to the working directory. */
const DATA_DIR = 'data';
/** Timeout for draining when partitions are handed over. */
const DRAIN_TIMEOUT_MS = 5_000;

await runProcess({
  about: 'The messages service: rooms, history, and the writer of accepted messages.',
  usage: 'npx nx serve messages-service -- [options]',
  settings: messagesSettings,
  start: async (settings) => {
    const server = await startHttpApp(settings, {
      module: MessagesServiceModule.of(settings, resolveJwtSecret(settings, DATA_DIR)),
      configure: async (app) => {
        configureHttpApp(app, settings);
        serveOpenApi(app);
        const writers = app.get(PartitionWriters);
        const store = app.get(MessageStore);
        const consumer = new PartitionedRmqServer({
          url: settings.RABBITMQ_URL,
          heartbeatSeconds: settings.RABBITMQ_HEARTBEAT_SECONDS,
          name: 'messages',
          partitionHeartbeatMs: settings.PARTITION_HEARTBEAT_MS,
          drainTimeoutMs: DRAIN_TIMEOUT_MS,
          openWriter: (partition) =>
            writers.open(partition, { giveUpAfterMs: settings.STORE_GIVE_UP_MS }),
          pingStore: () => store.findByIds(['']),
        });
        app.get(HealthChecks).register('rabbitmq', () => consumer.check());
        app.get<CommandConsumers, RabbitMqCommandConsumers>(CommandConsumers).attach(consumer);
        registerConsumerMetrics(app.get(Metrics), consumer);
        app.connectMicroservice({ strategy: consumer });
        await app.startAllMicroservices();
      },
    });
    return {
      ready: `The messages service is ready at ${server.url}.`,
      close: () => server.close(),
    };
  },
});
