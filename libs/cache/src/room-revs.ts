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
  readonly #commands: Redis & Commands;

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
}

function keyOf(roomId: string): string {
  return `chat:rev:${roomId}`;
}
