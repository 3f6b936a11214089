import type { BackingServer } from '@chat/testing';

/** What a fault can befall, one at a time. */
export const COMPONENTS = ['chat', 'messages', 'gateway', 'rabbitmq', 'redis', 'mongo'] as const;
export type Component = (typeof COMPONENTS)[number];

/**
 * `kill`: kill -9, started again later; `freeze`: SIGSTOP for longer than every timeout; `restart`:
 * told to stop, and started again; `cut`: its links swallow everything both ways and close nothing.
 */
const KINDS = ['kill', 'freeze', 'restart', 'cut'] as const;

/** One link of one instance swallows everything: it is alone with that, the others work. */
const LINK_KINDS = { mongo: 'cut-mongo', rabbitmq: 'cut-rabbitmq', redis: 'cut-redis' } as const;
const LINKS: readonly (readonly [Component, BackingServer])[] = [
  ['messages', 'mongo'],
  ['messages', 'rabbitmq'],
  ['chat', 'rabbitmq'],
  ['chat', 'redis'],
];

export type Kind = (typeof KINDS)[number] | (typeof LINK_KINDS)[BackingServer];

export interface Fault {
  readonly component: Component;
  readonly kind: Kind;
  /** Undefined for a fault that befalls all of the component. */
  readonly link?: BackingServer;
}

export const FAULTS: readonly Fault[] = COMPONENTS.flatMap((component): Fault[] => [
  ...KINDS.map((kind) => ({ component, kind })),
  ...LINKS.filter(([one]) => one === component).map(([, link]) => ({
    component,
    kind: LINK_KINDS[link],
    link,
  })),
]);

export function nameOf({ component, kind }: Fault): string {
  return `${component}:${kind}`;
}

/** @throws Error for what is not of the form `component:kind` */
export function faultOf(name: string): Fault {
  const found = FAULTS.find((fault) => nameOf(fault) === name);
  if (!found) throw new Error(`there is no fault "${name}"`);
  return found;
}

/** Whether senders have an answer to everything: the chat that they talk to, and the way, are there. */
export function leavesAnswering({ component, link }: Fault): boolean {
  return link !== undefined || (component !== 'chat' && component !== 'gateway');
}
