/** Knows whether the processes that consume commands understand them. */
export abstract class CommandConsumers {
  /** Whether every consumer handles the commands that change messages. */
  abstract readonly ready: boolean;
}
