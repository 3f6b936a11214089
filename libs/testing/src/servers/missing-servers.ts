import { mongoBinary } from './mongo-binary.ts';
import { missingProgram } from '../processes/programs.ts';

/** Returns the reason why MongoDB is not available; undefined if it is. */
export function missingMongo(): Promise<string | undefined> {
  return mongoBinary().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/**
 * Returns a reason for each missing server of the topology, separated by `; `; undefined if no
 * server is missing.
 */
export async function missingServers(): Promise<string | undefined> {
  const reasons = [
    missingProgram('redis-server'),
    missingProgram('rabbitmq-server'),
    await missingMongo(),
  ].filter((reason) => reason !== undefined);
  return reasons.length === 0 ? undefined : reasons.join('; ');
}
