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

/**
 * What shows that the component was in use when the fault came: what clients saw of it, or what
 * those printed that use it. For an instance of chat only its own connections count.
 */
export function evidenceOf(
  component: Component,
  { sessions }: Victim,
  seen: Seen,
  complaints: readonly string[],
): string[] {
  const disturbances = disturbancesIn(seen);
  const printed = complaints.length > 0 ? [`${complaints.length} complaints in the logs`] : [];
  if (component === 'chat') {
    if (sessions === 0) return [];
    return [`${sessions} of our sessions on it`, ...disturbances, ...printed];
  }
  return [...disturbances, ...printed];
}

/** Output is kept up to a length: its beginning may have been cut off meanwhile. */
function commonLength(before: string, now: string): number {
  const end = before.slice(-500);
  const at = end === '' ? -1 : now.lastIndexOf(end);
  return at === -1 ? 0 : at + end.length;
}
