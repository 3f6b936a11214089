import { SocketIoAdapter } from '@chat/realtime';
import type { INestApplicationContext } from '@nestjs/common';
import type { Server, ServerOptions } from 'socket.io';
import type { RedisSignals } from './redis-signals.ts';

/** The Socket.IO server of one `chat` among several. */
export class RedisSocketIoAdapter extends SocketIoAdapter {
  constructor(
    app: INestApplicationContext,
    cors: ServerOptions['cors'],
    private readonly signals: RedisSignals,
  ) {
    super(app, cors);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const server = super.createIOServer(port, options);
    this.signals.attach(server);
    return server;
  }
}
