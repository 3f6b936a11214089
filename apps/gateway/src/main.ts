import { UpgradeForwarder, type TrustProxy } from '@chat/gateway';
import {
  configureHttpServer,
  serveOpenApiPage,
  servePage,
  startHttpApp,
} from '@chat/platform/http';
import { runProcess } from '@chat/platform/process';
import { gatewaySettings } from './gateway-settings.ts';
import { GatewayServiceModule } from './gateway-service.module.ts';

await runProcess({
  about: 'The gateway: one address for all services.',
  usage: 'npx nx serve gateway-service -- [options]',
  settings: gatewaySettings,
  start: async (settings) => {
    const server = await startHttpApp(settings, {
      module: GatewayServiceModule.of(settings),
      reusePort: true,
      configure: (app) => {
        configureHttpServer(app, settings);
        const express = app.getHttpAdapter().getInstance();
        const isTrustedProxy = express.get('trust proxy fn') as TrustProxy;
        app.get(UpgradeForwarder).attach(app.getHttpServer(), isTrustedProxy);
        serveOpenApiPage(app);
        if (settings.PAGE_FOLDER !== undefined) servePage(app, settings.PAGE_FOLDER);
      },
    });
    return { ready: `The gateway service is ready at ${server.url}.`, close: () => server.close() };
  },
});
