import { missingProgram } from '../programs.ts';
import { missingMongo } from './requires-mongo.ts';
import { describeUnless } from './requires-server.ts';

/** A suite that runs the whole topology; as `describeWith` for where one of its servers cannot be had. */
export async function describeWithServices(name: string, suite: () => void): Promise<void> {
  describeUnless(await missingServers(), name, suite);
}

/** Why the topology cannot be run; undefined if it can. */
export async function missingServers(): Promise<string | undefined> {
  return (
    missingProgram('redis-server') ?? missingProgram('rabbitmq-server') ?? (await missingMongo())
  );
}
