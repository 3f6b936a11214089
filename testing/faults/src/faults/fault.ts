import type { BackingServer } from '@chat/testing';

/** Components that a fault can target, one at a time. */
export const COMPONENTS = ['chat', 'messages', 'gateway', 'rabbitmq', 'redis', 'mongo'] as const;
export type Component = (typeof COMPONENTS)[number];

/**
 * `kill`: SIGKILL, restarted later; `freeze`: SIGSTOP for longer than every timeout; `restart`:
 * graceful stop, then start; `cut`: its links drop all traffic in both directions and close
 * nothing.
 */
const KINDS = ['kill', 'freeze', 'restart', 'cut'] as const;

/** One link of one instance drops all traffic; other instances keep their connections. */
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
  /** Server whose link is cut; undefined for a fault that targets the whole component. */
  readonly link?: BackingServer;
}

/** All faults. */
export const FAULTS: readonly Fault[] = COMPONENTS.flatMap((component): Fault[] => [
  ...KINDS.map((kind) => ({ component, kind })),
  ...LINKS.filter(([target]) => target === component).map(([, link]) => ({
    component,
    kind: LINK_KINDS[link],
    link,
  })),
]);

/** Returns the name of a fault, `component:kind`. */
export function nameOf({ component, kind }: Fault): string {
  return `${component}:${kind}`;
}

/**
 * Returns the fault with a name.
 *
 * @throws Error for an unknown name
 */
export function faultOf(name: string): Fault {
  const found = FAULTS.find((fault) => nameOf(fault) === name);
  if (!found) throw new Error(`there is no fault "${name}"`);
  return found;
}

/** Returns whether `chat` and the path to it stay available, so that every send is acknowledged. */
export function keepsChatAvailable({ component, link }: Fault): boolean {
  return link !== undefined || (component !== 'chat' && component !== 'gateway');
}
