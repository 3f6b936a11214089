import { CLIENT_EVENTS } from '@chat/contracts';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { GATEWAY_METADATA, MESSAGE_METADATA } from '@nestjs/websockets/internal';
import { CLIENT_EVENT_METADATA } from './client-event.ts';

interface EventHandler {
  readonly event: string;
  /** Class and method. */
  readonly name: string;
  /** Whether it was declared by the decorators of `client-event.ts`. */
  readonly declared: boolean;
}

/** Checks at start-up that every client event of the contract has exactly one handler. */
@Injectable()
export class HandlerCheck implements OnModuleInit {
  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error that names every event that has no handler or several handlers */
  onModuleInit(): void {
    const handlers = this.#handlers();
    const problems = [
      ...Object.keys(CLIENT_EVENTS).flatMap((event) => {
        const names = handlers.filter((handler) => handler.event === event).map(({ name }) => name);
        if (names.length === 0) return `${event} has no handler`;
        return names.length > 1 ? `${event} has several handlers: ${names.join(', ')}` : [];
      }),
      ...handlers.flatMap(({ event, name, declared }) => {
        if (!Object.hasOwn(CLIENT_EVENTS, event)) {
          return `${event}, handled by ${name}, is not a client event of the contract`;
        }
        return declared ? [] : `${name} is not declared by @ClientEvent('${event}')`;
      }),
    ];
    if (problems.length > 0) throw new Error(`Socket events: ${problems.join('; ')}.`);
  }

  /** Returns the methods that Nest binds to events of sockets. */
  #handlers(): EventHandler[] {
    const scanner = new MetadataScanner();
    return this.discovery.getProviders().flatMap(({ metatype }) => {
      if (!metatype || !Reflect.hasMetadata(GATEWAY_METADATA, metatype)) return [];
      const prototype = metatype.prototype as Record<string, object>;
      return scanner.getAllMethodNames(prototype).flatMap((method) => {
        const handler = prototype[method] ?? {};
        const event = Reflect.getMetadata(MESSAGE_METADATA, handler) as string | undefined;
        const declared = Reflect.hasMetadata(CLIENT_EVENT_METADATA, handler);
        return event === undefined ? [] : { event, name: `${metatype.name}.${method}`, declared };
      });
    });
  }
}
