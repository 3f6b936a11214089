/** What a fault can befall, one at a time. */
export const COMPONENTS = ['chat', 'messages', 'gateway', 'rabbitmq', 'redis', 'mongo'] as const;
export type Component = (typeof COMPONENTS)[number];

/**
 * `kill`: kill -9, started again later; `freeze`: SIGSTOP for longer than every timeout; `restart`:
 * told to stop, and started again; `cut`: its links swallow everything both ways and close nothing.
 */
export const KINDS = ['kill', 'freeze', 'restart', 'cut'] as const;
export type Kind = (typeof KINDS)[number];

export interface Fault {
  readonly component: Component;
  readonly kind: Kind;
}

export const FAULTS: readonly Fault[] = COMPONENTS.flatMap((component) =>
  KINDS.map((kind) => ({ component, kind })),
);

export function nameOf({ component, kind }: Fault): string {
  return `${component}:${kind}`;
}

/** @throws Error for what is not of the form `component:kind` */
export function faultOf(name: string): Fault {
  const found = FAULTS.find((fault) => nameOf(fault) === name);
  if (!found) throw new Error(`there is no fault "${name}"`);
  return found;
}
