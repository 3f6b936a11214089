import { SocketIoAdapter, type SocketIoOptions } from '@chat/realtime';
import type { INestApplicationContext } from '@nestjs/common';
import type { Server, ServerOptions } from 'socket.io';
import type { RedisSignals } from './redis-signals.ts';

/** Adapter for the Socket.IO server of a `chat` process with several instances. */
export class RedisSocketIoAdapter extends SocketIoAdapter {
  constructor(
    app: INestApplicationContext,
    options: SocketIoOptions,
    private readonly signals: RedisSignals,
  ) {
    super(app, options);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const server = super.createIOServer(port, options);
    this.signals.attach(server);
    return server;
  }
}
