import { setTimeout as delay } from 'node:timers/promises';
import type { ServicesTopology } from '@chat/testing';
import type { ProcessWatch } from '../process-watch.ts';
import type { Fault } from './fault.ts';
import type { Victim } from './victim.ts';

/** How long something that was killed is away before it is started again. */
const KILLED_MS = 3_000;
/** The same for something that was told to stop. */
const STOPPED_MS = 1_000;
/** Longer than every time limit of the stage. */
const SILENT_MS = 5_000;
/** Longer than the 8 s within which others must have taken over its work. */
const ALONE_MS = 10_000;

/** Does the fault and ends it. Resolves once the victim works again, as far as it says itself. */
export async function inflict(
  { kind, link: server }: Fault,
  { control, part }: Victim,
  topology: ServicesTopology,
  watch: ProcessWatch,
): Promise<void> {
  if (server !== undefined) {
    if (typeof part === 'string') throw new Error(`${part} has no links of its own`);
    const link = topology.linkBetween(part, server);
    link.swallow();
    await delay(ALONE_MS);
    return link.restore();
  }
  switch (kind) {
    case 'freeze':
      await control.freeze();
      await delay(SILENT_MS);
      return control.thaw();
    case 'cut':
      topology.swallow(part);
      await delay(SILENT_MS);
      return topology.restore(part);
    default:
      watch.expectEnd(control);
      if (kind === 'kill') {
        await control.kill();
        await delay(KILLED_MS);
      } else {
        await control.stop();
        await delay(STOPPED_MS);
      }
      await control.start();
      watch.expectLife(control);
  }
}
