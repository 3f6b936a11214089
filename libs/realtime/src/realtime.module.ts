import { Module } from '@nestjs/common';
import { AsyncApiController } from './asyncapi/asyncapi.controller.ts';
import { ConnectedSockets } from './connected-sockets.ts';
import { ConnectionRefusals } from './connections/connection-refusals.ts';
import { HandshakeLimits } from './connections/handshake-limits.ts';
import { UnauthenticatedConnections } from './connections/unauthenticated-connections.ts';
import { Draining } from './draining.ts';
import { EventAdmission } from './event-admission.ts';
import { RealtimeGateway } from './realtime.gateway.ts';
import { RealtimeMetrics } from './realtime-metrics.ts';
import { JoinRoom } from './rooms/join-room.ts';
import { MembershipChanges } from './rooms/membership-changes.ts';
import { Memberships } from './rooms/memberships.ts';
import { RecentChanges } from './rooms/recent-changes.ts';
import { RoomFanOut } from './rooms/room-fan-out.ts';
import { RoomStreams } from './rooms/room-streams.ts';
import { SendMessage } from './sends/send-message.ts';
import { SocketSends } from './sends/socket-sends.ts';
import { SocketSessions } from './sessions/socket-sessions.ts';
import { SignalListener } from './signal-listener.ts';
import { SlowSockets } from './slow-sockets.ts';

/**
 * Socket.IO server of the chat. The app provides these globally: RealtimeSettings, RoomDirectory,
 * MessagePublisher, FeedSubscriber, Signals, RateLimiter, Metrics, and the exports of libs/auth.
 */
@Module({
  controllers: [AsyncApiController],
  providers: [
    ConnectedSockets,
    ConnectionRefusals,
    Draining,
    EventAdmission,
    HandshakeLimits,
    JoinRoom,
    MembershipChanges,
    Memberships,
    RealtimeGateway,
    RealtimeMetrics,
    { provide: RecentChanges, useFactory: () => new RecentChanges() },
    { provide: RoomFanOut, useFactory: () => new RoomFanOut() },
    RoomStreams,
    SendMessage,
    SignalListener,
    SlowSockets,
    SocketSends,
    SocketSessions,
    UnauthenticatedConnections,
  ],
})
export class RealtimeModule {}
