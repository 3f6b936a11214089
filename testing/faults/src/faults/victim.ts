import { setTimeout as delay } from 'node:timers/promises';
import type { ControllableProcess, TopologyNode, ServicesTopology } from '@chat/testing';
import type { Component } from './fault.ts';

/** Sampling time that finds the busy instance of `messages`: every sender sends within it. */
const SAMPLE_MS = 1_000;
const STORED = /^chat_messages_stored_total (\d+)/m;

/** The process that a fault hits. */
export interface Victim {
  readonly name: string;
  readonly part: TopologyNode;
  readonly control: ControllableProcess;
  /** Its work for the clients right before; undefined for components that all clients need. */
  readonly use: Use | undefined;
}

export interface Use {
  /** 0: the fault cannot have an effect. */
  readonly count: number;
  readonly what: string;
}

/**
 * Chooses an instance in use: of `chat`, the one with most client sessions; of `messages`, the one
 * that stored most messages in the last second.
 *
 * @param sessionIds returns the session ids of all clients, `<instance>.<random>`
 */
export async function victimOf(
  topology: ServicesTopology,
  component: Component,
  sessionIds: () => readonly string[],
): Promise<Victim> {
  switch (component) {
    case 'redis':
    case 'rabbitmq':
    case 'mongo':
      return { name: component, part: component, control: topology[component], use: undefined };
    case 'gateway':
      return ofInstance(topology.instance(component), undefined);
    case 'messages':
      return busiest(await storedLately(topology.instances(component)));
    case 'chat':
      return busiest(await sessionsOn(topology.instances(component), sessionIds()));
  }
}

type Instance = ReturnType<ServicesTopology['instance']>;
type Used = readonly [Instance, Use];

function ofInstance(instance: Instance, use: Use | undefined): Victim {
  const { name, process } = instance;
  return { name, part: instance, control: process, use };
}

/** @throws Error without any instance */
function busiest(instances: readonly Used[]): Victim {
  const [most] = instances.toSorted(([, a], [, b]) => b.count - a.count);
  if (!most) throw new Error('there is no instance to break');
  return ofInstance(...most);
}

async function sessionsOn(
  instances: readonly Instance[],
  sessionIds: readonly string[],
): Promise<Used[]> {
  return Promise.all(
    instances.map(async (instance): Promise<Used> => {
      const { headers } = await fetch(`${instance.url}/health/live`);
      const id = headers.get('x-instance-id');
      const count = sessionIds.filter((sessionId) => sessionId.split('.')[0] === id).length;
      return [instance, { count, what: `${count} client sessions on it` }];
    }),
  );
}

async function storedLately(instances: readonly Instance[]): Promise<Used[]> {
  const before = await Promise.all(instances.map(storedBy));
  await delay(SAMPLE_MS);
  return Promise.all(
    instances.map(async (instance, index): Promise<Used> => {
      const count = (await storedBy(instance)) - (before[index] ?? 0);
      return [instance, { count, what: `${count} messages stored by it in the second before` }];
    }),
  );
}

async function storedBy({ metricsUrl }: Instance): Promise<number> {
  const response = await fetch(metricsUrl);
  return Number(STORED.exec(await response.text())?.[1] ?? 0);
}
