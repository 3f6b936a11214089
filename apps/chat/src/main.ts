import { resolveJwtSecret } from '@chat/auth';
import { configureHttpApp, corsOrigin, serveOpenApi, startHttpApp } from '@chat/platform/http';
import { Metrics } from '@chat/platform/monitoring';
import { runProcess } from '@chat/platform/process';
import { Signals } from '@chat/platform/signals';
import { MessagePublisher } from '@chat/realtime';
import { RedisSocketIoAdapter, type RedisSignals } from '@chat/redis';
import type { RabbitMqMessagePublisher } from '@chat/transport/rabbitmq';
import { chatSettings } from './chat-settings.ts';
import { ChatServiceModule } from './chat-service.module.ts';

/** Directory of the generated JWT secret (development), relative to the working directory. */
const DATA_DIR = 'data';

await runProcess({
  about: 'The chat service: handles Socket.IO connections; needs no database.',
  usage: 'npx nx serve chat-service -- [options]',
  settings: chatSettings,
  start: async (settings) => {
    const server = await startHttpApp(settings, {
      module: ChatServiceModule.of(settings, resolveJwtSecret(settings, DATA_DIR)),
      configure: (app) => {
        configureHttpApp(app, settings);
        app.useWebSocketAdapter(
          new RedisSocketIoAdapter(
            app,
            { cors: { origin: corsOrigin(settings) }, heartbeat: settings },
            app.get<Signals, RedisSignals>(Signals),
          ),
        );
        const publisher = app.get<MessagePublisher, RabbitMqMessagePublisher>(MessagePublisher);
        app.get(Metrics).gauge({
          name: 'chat_publishes_in_flight',
          help: 'Published messages that RabbitMQ has not confirmed yet.',
          collect() {
            this.set(publisher.inFlight);
          },
        });
        serveOpenApi(app);
      },
    });
    return { ready: `The chat service is ready at ${server.url}.`, close: () => server.close() };
  },
});
