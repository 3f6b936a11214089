import { mongoBinary } from './mongo-binary.ts';
import { missingProgram } from './programs.ts';

/** Why there is no MongoDB; undefined if there is. */
export function missingMongo(): Promise<string | undefined> {
  return mongoBinary().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** Why the topology cannot run, a reason for each missing server, separated by `; `; undefined if it can. */
export async function missingServers(): Promise<string | undefined> {
  const reasons = [
    missingProgram('redis-server'),
    missingProgram('rabbitmq-server'),
    await missingMongo(),
  ].filter((reason) => reason !== undefined);
  return reasons.length === 0 ? undefined : reasons.join('; ');
}
