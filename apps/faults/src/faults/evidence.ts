import type { ServicesTopology } from '@chat/testing';
import { disturbancesIn, type Seen } from '../check/disturbance.ts';
import type { Component } from './fault.ts';
import type { Victim } from './victim.ts';

/** What the services print when they notice that a component is gone. */
const COMPLAINTS: Readonly<Record<Component, RegExp>> = {
  chat: /chat.* is out/i,
  messages: /messages.* is out/i,
  gateway: /(?!)/,
  rabbitmq: /RabbitMQ|takes no messages|channel/i,
  redis: /Redis is away/,
  mongo: /storing failed|mongo/i,
};

/** Remembers what services had printed when a fault began. */
export class Output {
  readonly #before: ReadonlyMap<string, string>;

  constructor(private readonly topology: ServicesTopology) {
    this.#before = new Map(topology.instances().map(({ name, process }) => [name, process.output]));
  }

  /** Lines printed since then that complain of a component. */
  complaintsOf(component: Component): string[] {
    return this.topology.instances().flatMap(({ name, process }) => {
      const before = this.#before.get(name) ?? '';
      return process.output
        .slice(commonLength(before, process.output))
        .split('\n')
        .filter((line) => COMPLAINTS[component].test(line))
        .map((line) => `${name}: ${line}`);
    });
  }
}

/** What is known of a fault once it is over. */
export interface Aftermath {
  readonly seen: Seen;
  /** Whether the victim's process is another than before. */
  readonly replaced: boolean;
  /** See {@link Output.complaintsOf}. */
  readonly complaints: readonly string[];
}

/**
 * What shows that the fault hit something: what clients saw of it, or that a process is gone which
 * was at work for them right before. What others printed only adds to that: they also notice the
 * loss of what nobody used. Empty when it hit nothing.
 */
export function evidenceOf(
  { use }: Pick<Victim, 'use'>,
  { seen, replaced, complaints }: Aftermath,
): string[] {
  const signs = disturbancesIn(seen);
  if (use && replaced) signs.unshift('its process is another');
  if (signs.length === 0 || use?.count === 0) return [];
  const printed = complaints.length > 0 ? [`${complaints.length} complaints in the logs`] : [];
  return [...(use ? [use.what] : []), ...signs, ...printed];
}

/** Output is kept up to a length: its beginning may have been cut off meanwhile. */
function commonLength(before: string, now: string): number {
  const end = before.slice(-500);
  const at = end === '' ? -1 : now.lastIndexOf(end);
  return at === -1 ? 0 : at + end.length;
}
