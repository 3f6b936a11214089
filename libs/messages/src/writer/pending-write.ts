import type { Message } from '@chat/contracts';
import type { MessageCreate } from '../message-create/message-create.ts';
import { legacyMessageIdOf, messageIdOf } from '../message-create/message-id.ts';

/** An event that waits to be stored. Settled once; later calls have no effect. */
export class PendingWrite {
  /** Ids that its message may have, computed from its content; `legacy` does not cover the text. */
  readonly ids: { readonly current: string; readonly legacy: string };
  #settled = false;

  constructor(
    readonly event: MessageCreate,
    private readonly onResolve: (message: Message) => void,
    private readonly onReject: (error: unknown) => void,
  ) {
    this.ids = { current: messageIdOf(event), legacy: legacyMessageIdOf(event) };
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(message: Message): void {
    this.#settled = true;
    this.onResolve(message);
  }

  reject(error: unknown): void {
    this.#settled = true;
    this.onReject(error);
  }
}
