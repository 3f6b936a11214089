import { setTimeout as delay } from 'node:timers/promises';
import type { ControllableProcess, TopologyNode, ServicesTopology } from '@chat/testing';
import type { Component } from './fault.ts';

/** Sampling time to find the busiest instance of `messages`: every sender sends within it. */
const SAMPLE_MS = 1_000;
const STORED = /^chat_messages_stored_total (\d+)/m;

/** The process that a fault targets. */
export interface FaultTarget {
  readonly name: string;
  readonly node: TopologyNode;
  readonly control: ControllableProcess;
  /** Its recent work for clients; undefined for components that all clients need. */
  readonly use: Use | undefined;
}

export interface Use {
  /** 0: the fault cannot have an effect. */
  readonly count: number;
  readonly description: string;
}

/**
 * Chooses an instance in use: of `chat`, the one with the most client sessions; of `messages`, the
 * one that stored the most messages in the last second.
 *
 * @param sessionIds returns the session ids of all clients, `<instance>.<random>`
 */
export async function chooseTarget(
  topology: ServicesTopology,
  component: Component,
  sessionIds: () => readonly string[],
): Promise<FaultTarget> {
  switch (component) {
    case 'redis':
    case 'rabbitmq':
    case 'mongo':
      return { name: component, node: component, control: topology[component], use: undefined };
    case 'gateway':
      return targetInstance(topology.instance(component), undefined);
    case 'messages':
      return busiest(await recentlyStored(topology.instances(component)));
    case 'chat':
      return busiest(await sessionsOn(topology.instances(component), sessionIds()));
  }
}

type Instance = ReturnType<ServicesTopology['instance']>;
type Used = readonly [Instance, Use];

function targetInstance(instance: Instance, use: Use | undefined): FaultTarget {
  const { name, process } = instance;
  return { name, node: instance, control: process, use };
}

/** @throws Error if there are no instances */
function busiest(instances: readonly Used[]): FaultTarget {
  const [most] = instances.toSorted(([, a], [, b]) => b.count - a.count);
  if (!most) throw new Error('there is no instance to target');
  return targetInstance(...most);
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
      return [instance, { count, description: `${count} client sessions on it` }];
    }),
  );
}

async function recentlyStored(instances: readonly Instance[]): Promise<Used[]> {
  const before = await Promise.all(instances.map(storedBy));
  await delay(SAMPLE_MS);
  return Promise.all(
    instances.map(async (instance, index): Promise<Used> => {
      const count = (await storedBy(instance)) - (before[index] ?? 0);
      const description = `${count} messages stored by it in the second before`;
      return [instance, { count, description }];
    }),
  );
}

async function storedBy({ metricsUrl }: Instance): Promise<number> {
  const response = await fetch(metricsUrl);
  return Number(STORED.exec(await response.text())?.[1] ?? 0);
}
