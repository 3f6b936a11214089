import { READ_POSITIONS_MOVED } from '@chat/rooms/signals';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ConnectedSockets } from '../connections/connected-sockets.ts';
import { RecentSends } from '../sends/recent-sends.ts';
import { SignalListener } from '../signals/signal-listener.ts';

/** Emits read positions that have moved to the other sockets of the user. */
@Injectable()
export class MovedPositions implements OnModuleInit {
  constructor(
    private readonly sockets: ConnectedSockets,
    private readonly recentSends: RecentSends,
    private readonly signals: SignalListener,
  ) {}

  onModuleInit(): void {
    this.signals.on(READ_POSITIONS_MOVED, ({ positions }) => {
      for (const { userId, socketId, messageId, ...position } of positions) {
        const sockets = this.sockets.ofUser(userId);
        if (sockets.length === 0) continue;
        const cause = messageId === undefined ? socketId : this.recentSends.socketOf(messageId);
        this.sockets.emitTo(
          sockets.filter(({ id }) => id !== cause),
          'readPosition',
          position,
        );
      }
    });
  }
}
