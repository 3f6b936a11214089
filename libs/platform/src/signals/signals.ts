import { z } from 'zod';

/** Notification between processes about a change that affects sockets on any instance. */
export interface Signal {
  /** Distinguishes the kinds of signals on the wire between processes. */
  readonly type: string;
}

/** A kind of signal; declared by the feature that publishes it, with {@link defineSignal}. */
export interface SignalDefinition<S extends Signal = Signal> {
  readonly type: S['type'];
  /** Validates a signal that another process has published. */
  readonly schema: z.ZodType<S>;
}

/** Fields of a signal without its type. */
export type SignalFields<S extends Signal> = Omit<S, 'type'>;

/** The signals of a definition. */
export type SignalOf<Definition> =
  Definition extends SignalDefinition<infer S extends Signal> ? S : never;

/**
 * Declares a kind of signal.
 *
 * Processes of two versions run together during an upgrade: fields may be added, never removed.
 */
export function defineSignal<Type extends string, Shape extends z.core.$ZodLooseShape>(
  type: Type,
  fields: Shape,
) {
  return { type, schema: z.object({ type: z.literal(type), ...fields }).readonly() };
}

/**
 * Port for signals between features and between processes. Delivery is best effort: listeners
 * also poll the authoritative state.
 */
export abstract class Signals {
  /** Publishes a signal; never throws. */
  abstract publish<S extends Signal>(
    definition: SignalDefinition<S>,
    fields: SignalFields<S>,
  ): void;
  /** Listens to signals of one kind from all processes; returns a function to stop listening. */
  abstract on<S extends Signal>(
    definition: SignalDefinition<S>,
    listener: (signal: S) => void,
  ): () => void;
}
