import { Module } from '@nestjs/common';
import { AsyncApiController } from './asyncapi/asyncapi.controller.ts';
import { ConnectionRefusals } from './connections/connection-refusals.ts';
import { HandshakeLimits } from './connections/handshake-limits.ts';
import { UnauthenticatedConnections } from './connections/unauthenticated-connections.ts';
import { Draining } from './draining.ts';
import { EventAdmission } from './event-admission.ts';
import { LiveSockets } from './live-sockets.ts';
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
 * Sockets. The app provides, globally: RealtimeSettings, RoomDirectory,
 * MessagePublisher, FeedSubscriber, Signals, RateLimiter, Metrics, and what libs/auth exports.
 */
@Module({
  controllers: [AsyncApiController],
  providers: [
    ConnectionRefusals,
    Draining,
    EventAdmission,
    HandshakeLimits,
    JoinRoom,
    LiveSockets,
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
