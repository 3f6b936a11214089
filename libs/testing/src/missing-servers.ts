import { mongoBinary } from './mongo-binary.ts';
import { missingProgram } from './programs.ts';

/** Why there is no MongoDB; undefined if there is. */
export function missingMongo(): Promise<string | undefined> {
  return mongoBinary().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** Why the topology cannot be run; undefined if it can. */
export async function missingServers(): Promise<string | undefined> {
  return (
    missingProgram('redis-server') ?? missingProgram('rabbitmq-server') ?? (await missingMongo())
  );
}
