import { missingMongo } from './requires-mongo.ts';
import { missingProgram } from '../programs.ts';
import { describeUnless } from './requires-server.ts';

/** A suite that runs the whole topology; as `describeWith` for where one of its servers cannot be had. */
export async function describeWithServices(name: string, suite: () => void): Promise<void> {
  const reason =
    missingProgram('redis-server') ?? missingProgram('rabbitmq-server') ?? (await missingMongo());
  describeUnless(reason, name, suite);
}
