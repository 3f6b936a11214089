import { legacyMessageIdOf, messageIdOf } from '../commands/message-id.ts';
import type { LogEntry } from '../log/log-entry.ts';
import { isCreate, type Command } from '../commands/command.ts';

/** A command that waits to be stored. Settled once; later calls have no effect. */
export class PendingWrite {
  /**
   * Ids that its entry may have, computed from its content. For a new message the second one is the
   * id that earlier versions gave it, which does not cover the text.
   */
  readonly ids: { readonly current: string; readonly legacy?: string };
  #settled = false;

  constructor(
    readonly command: Command,
    private readonly onResolve: (entry: LogEntry) => void,
    private readonly onReject: (error: unknown) => void,
  ) {
    this.ids = isCreate(command)
      ? { current: messageIdOf(command), legacy: legacyMessageIdOf(command) }
      : { current: command.opId };
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(entry: LogEntry): void {
    this.#settled = true;
    this.onResolve(entry);
  }

  reject(error: unknown): void {
    this.#settled = true;
    this.onReject(error);
  }
}
