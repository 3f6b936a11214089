import {
  CLIENT_EVENTS,
  type ClientEvent as ClientEventName,
  type ClientResult,
} from '@chat/contracts';
import {
  createParamDecorator,
  SetMetadata,
  UseFilters,
  type ExecutionContext,
} from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import type { z } from 'zod';
import type { ChatSocket } from '../chat-socket.ts';
import { acknowledgeSuccess, SocketErrorFilter } from './acknowledgements.ts';
import { PayloadPipe } from './payload.pipe.ts';

/** Metadata key that marks the methods declared here. */
export const CLIENT_EVENT_METADATA = 'chat:client-event';

/** Validated payload of a client event. */
export type ClientEventPayload<E extends ClientEventName> = z.output<
  (typeof CLIENT_EVENTS)[E]['payload']
>;

/** Acknowledges a client event with its result, if the client has requested it. */
export type ClientEventAck<E extends ClientEventName> = (result: ClientResult<E>) => void;

type Handler<E extends ClientEventName> = (
  socket: ChatSocket,
  payload: ClientEventPayload<E>,
) => ClientResult<E> | Promise<ClientResult<E>>;

type AcknowledgingHandler<E extends ClientEventName> = (
  socket: ChatSocket,
  payload: ClientEventPayload<E>,
  acknowledge: ClientEventAck<E>,
) => void | Promise<void>;

type HandlerDecorator<H> = <Method extends H>(
  prototype: object,
  name: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Declares a method of a gateway as the handler of a client event of the contract. The method
 * receives the socket and the validated payload; its result is the acknowledgement, and errors
 * that it throws are returned to the client.
 *
 * @example
 * ```ts
 * @ClientEvent('renewSession')
 * renewSession(socket: ChatSocket, { token }: ClientEventPayload<'renewSession'>) {
 *   return this.sessions.renew(socket, token);
 * }
 * ```
 */
export function ClientEvent<E extends ClientEventName>(event: E): HandlerDecorator<Handler<E>> {
  return (prototype, name, descriptor) => declareHandler(event, prototype, name, descriptor);
}

/**
 * Like {@link ClientEvent}, for a handler that acknowledges at a precise moment, with its third
 * argument: the acknowledgement of a result follows some ticks later, and events that the handler
 * causes could overtake it.
 */
export function AcknowledgingClientEvent<E extends ClientEventName>(
  event: E,
): HandlerDecorator<AcknowledgingHandler<E>> {
  return (prototype, name, descriptor) => {
    declareHandler(event, prototype, name, descriptor);
    AckParameter()(prototype, name, 2);
  };
}

const AckParameter = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const acknowledge: unknown = context.getArgByIndex(2);
  return (result: object) => acknowledgeSuccess(acknowledge, result);
});

function declareHandler<Method>(
  event: ClientEventName,
  prototype: object,
  name: string,
  descriptor: TypedPropertyDescriptor<Method>,
): void {
  SubscribeMessage(event)(prototype, name, descriptor);
  SetMetadata(CLIENT_EVENT_METADATA, event)(prototype, name, descriptor);
  UseFilters(SocketErrorFilter)(prototype, name, descriptor);
  ConnectedSocket()(prototype, name, 0);
  MessageBody(new PayloadPipe(CLIENT_EVENTS[event].payload))(prototype, name, 1);
}
