import type { Message } from '@chat/contracts';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { PromptRedis } from './prompt-redis.ts';

/** After so long a rev is read from the store again, which heals an advance that was lost. */
const EXPIRES_MS = 10_000;

/** Compare and max. KEYS: the room's rev. ARGV: a rev, milliseconds to keep it. Returns the higher rev. */
const ADVANCE = `
local known = tonumber(redis.call('GET', KEYS[1]) or -1)
if tonumber(ARGV[1]) <= known then return known end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return tonumber(ARGV[1])
`;

interface Commands {
  advanceRev(key: string, rev: number, expiresMs: number): Promise<number>;
}

/** How far rooms have come, as all instances know it. A rev only grows, until it expires. */
export class RoomRevs {
  readonly #logger = new Logger(RoomRevs.name);
  readonly #commands: Redis & Commands;
  #losing = false;

  constructor(private readonly prompt: PromptRedis) {
    prompt.redis.defineCommand('advanceRev', { numberOfKeys: 1, lua: ADVANCE });
    this.#commands = prompt.redis as Redis & Commands;
  }

  /** Undefined when it is not known. @throws RedisAwayError */
  async known(roomId: string): Promise<number | undefined> {
    const rev = await this.prompt.ask(() => this.#commands.get(keyOf(roomId)));
    return rev === null ? undefined : Number(rev);
  }

  /** The room has come at least so far; returns how far it has. @throws RedisAwayError */
  advance(roomId: string, rev: number): Promise<number> {
    return this.prompt.ask(() => this.#commands.advanceRev(keyOf(roomId), rev, EXPIRES_MS));
  }

  /**
   * The room has changed. Sent at once and whatever was found out about Redis
   * before: who is shown what is published next over the same connection finds it
   * in the history. An advance that is lost heals when the rev expires.
   */
  announce(roomId: string, changes: readonly Message[]): void {
    const last = changes.at(-1);
    if (!last) return;
    this.#commands.advanceRev(keyOf(roomId), last.rev, EXPIRES_MS).then(
      () => this.#taken(),
      (error: unknown) => this.#lost(error),
    );
  }

  #taken(): void {
    if (this.#losing) this.#logger.log('The cache of history is told of changes again.');
    this.#losing = false;
  }

  #lost(error: unknown): void {
    if (this.#losing) return;
    this.#losing = true;
    const reason = error instanceof Error ? error.message : 'Redis is away';
    this.#logger.warn(`The cache of history is not told of changes (${reason}); it expires.`);
  }
}

function keyOf(roomId: string): string {
  return `chat:rev:${roomId}`;
}
