import type { Part, ServerProcess, ServicesTopology } from '@chat/testing';
import type { Component as Stoppable } from '@chat/testing';
import type { Component } from './fault.ts';

/** The one process that a fault befalls. */
export interface Victim {
  readonly name: string;
  readonly part: Part;
  readonly control: Stoppable;
  /** Undefined for one whose process nobody watches. */
  readonly process: ServerProcess | undefined;
  /** Sessions of ours that were on it. */
  readonly sessions: number;
}

/**
 * Chooses an instance that is in use: of chat, the one that most of our sessions are on.
 *
 * @param sessionIds of all clients; the instance is what is before the first dot
 */
export async function victimOf(
  topology: ServicesTopology,
  component: Component,
  sessionIds: readonly string[],
): Promise<Victim> {
  switch (component) {
    case 'redis':
    case 'rabbitmq': {
      const process = topology[component];
      return { name: component, part: component, control: process, process, sessions: 0 };
    }
    case 'mongo':
      return {
        name: component,
        part: component,
        control: topology.mongo,
        process: undefined,
        sessions: 0,
      };
    case 'gateway':
    case 'messages':
      return ofInstance(topology.instance(component), 0);
    case 'chat':
      return busiestChat(topology, sessionIds);
  }
}

type Instance = ReturnType<ServicesTopology['instance']>;

function ofInstance(instance: Instance, sessions: number): Victim {
  const { name, process } = instance;
  return { name, part: instance, control: process, process, sessions };
}

async function busiestChat(
  topology: ServicesTopology,
  sessionIds: readonly string[],
): Promise<Victim> {
  const victims: Victim[] = [];
  for (const instance of topology.instances('chat')) {
    const { headers } = await fetch(`${instance.url}/health/live`);
    const id = headers.get('x-instance-id');
    const sessions = sessionIds.filter((sessionId) => sessionId.split('.')[0] === id).length;
    victims.push(ofInstance(instance, sessions));
  }
  const [busiest] = victims.toSorted((a, b) => b.sessions - a.sessions);
  if (!busiest) throw new Error('there is no instance of chat');
  return busiest;
}
