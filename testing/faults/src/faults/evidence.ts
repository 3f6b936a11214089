import type { ServicesTopology } from '@chat/testing';
import { disruptionsIn, type ClientRecords } from '../check/disruption.ts';
import type { Component } from './fault.ts';
import type { FaultTarget } from './fault-target.ts';

/** Patterns of the log lines that services print when they detect the loss of a component. */
const LOG_PATTERNS: Readonly<Record<Component, RegExp>> = {
  chat: /"dependency":"chat".*dependency unavailable/,
  messages: /"dependency":"messages".*dependency unavailable/,
  gateway: /(?!)/,
  rabbitmq: /RabbitMQ|channel/i,
  redis: /"dependency":"Redis".*(dependency unavailable|circuit breaker opened)/,
  mongo: /batch write failed|mongo/i,
};

/** Finds the log lines that services print after the start of a fault. */
export class LogCapture {
  readonly #before: ReadonlyMap<string, string>;

  constructor(private readonly topology: ServicesTopology) {
    this.#before = new Map(topology.instances().map(({ name, process }) => [name, process.output]));
  }

  /** Returns the lines printed since construction that report the loss of a component. */
  linesAbout(component: Component): string[] {
    return this.topology.instances().flatMap(({ name, process }) => {
      const before = this.#before.get(name) ?? '';
      return process.output
        .slice(commonLength(before, process.output))
        .split('\n')
        .filter((line) => LOG_PATTERNS[component].test(line))
        .map((line) => `${name}: ${line}`);
    });
  }
}

/** Effects of a fault, known once it is over. */
export interface FaultEffects {
  readonly records: ClientRecords;
  /** Whether the target now runs as a different process. */
  readonly replaced: boolean;
  /** See {@link LogCapture.linesAbout}. */
  readonly logLines: readonly string[];
}

/**
 * Returns the evidence that the fault affected a component in use: disruptions of clients, or the
 * replacement of a process that served them right before. Log lines are only additional evidence:
 * services also report the loss of idle components. Empty if the fault had no effect.
 */
export function evidenceOf(
  { use }: Pick<FaultTarget, 'use'>,
  { records, replaced, logLines }: FaultEffects,
): string[] {
  const signs = disruptionsIn(records);
  if (use && replaced) signs.unshift('its process was replaced');
  if (signs.length === 0 || use?.count === 0) return [];
  const printed = logLines.length > 0 ? [`related log lines: ${logLines.length}`] : [];
  return [...(use ? [use.description] : []), ...signs, ...printed];
}

/** Retained output is limited: its beginning may have been removed in the meantime. */
function commonLength(before: string, now: string): number {
  const end = before.slice(-500);
  const index = end === '' ? -1 : now.lastIndexOf(end);
  return index === -1 ? 0 : index + end.length;
}
