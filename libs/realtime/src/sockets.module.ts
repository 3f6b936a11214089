import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ConnectedSockets } from './connections/connected-sockets.ts';
import { ConnectionRefusals } from './connections/connection-refusals.ts';
import { ConnectionGateway } from './connections/connection.gateway.ts';
import { Draining } from './connections/draining.ts';
import { HandshakeLimits } from './connections/handshake-limits.ts';
import { SlowSockets } from './connections/slow-sockets.ts';
import { UnauthenticatedConnections } from './connections/unauthenticated-connections.ts';
import { EventAdmission } from './events/event-admission.ts';
import { HandlerCheck } from './events/handler-check.ts';
import { RoomFanOut } from './fan-out/room-fan-out.ts';
import { RealtimeMetrics } from './realtime-metrics.ts';
import { SignalListener } from './signals/signal-listener.ts';
import { SocketRechecks } from './signals/socket-rechecks.ts';

const shared = [
  ConnectedSockets,
  Draining,
  EventAdmission,
  RealtimeMetrics,
  SignalListener,
  SlowSockets,
  SocketRechecks,
];

/** Connections, events and signals of sockets: what the modules of the features share. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    ...shared,
    ConnectionGateway,
    ConnectionRefusals,
    HandlerCheck,
    HandshakeLimits,
    { provide: RoomFanOut, useFactory: () => new RoomFanOut() },
    UnauthenticatedConnections,
  ],
  exports: [...shared, RoomFanOut],
})
export class SocketsModule {}
