import { Module } from '@nestjs/common';
import { SocketsModule } from '../sockets.module.ts';
import { SessionsGateway } from './sessions.gateway.ts';
import { SocketSessions } from './socket-sessions.ts';

/** Closes sockets whose session ends or whose access token expires without renewal. */
@Module({ imports: [SocketsModule], providers: [SessionsGateway, SocketSessions] })
export class SocketSessionsModule {}
