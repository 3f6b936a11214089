import { setTimeout as delay } from 'node:timers/promises';
import type { ServicesTopology } from '@chat/testing';
import type { ProcessMonitor } from '../process-monitor.ts';
import type { Fault } from './fault.ts';
import type { FaultTarget } from './fault-target.ts';

/** Downtime of a killed component. */
const KILLED_MS = 3_000;
/** Downtime of a gracefully stopped component. */
const STOPPED_MS = 1_000;
/**
 * Longer than every timeout by which services detect a silent connection: at most 3 s in the test
 * environment.
 */
const SILENT_MS = 5_000;
/** Longer than the 8 s within which other instances must take over an isolated instance's work. */
const ISOLATED_MS = 10_000;

/**
 * Injects a fault and removes it. After a kill or restart, resolves once the target is ready again;
 * otherwise without waiting for it to recover.
 */
export async function injectFault(
  { kind, link: server }: Fault,
  { control, node }: FaultTarget,
  topology: ServicesTopology,
  monitor: ProcessMonitor,
): Promise<void> {
  if (server !== undefined) {
    if (typeof node === 'string') throw new Error(`${node} has no dedicated links`);
    const proxy = topology.proxyBetween(node, server);
    proxy.blackhole();
    await delay(ISOLATED_MS);
    return proxy.restore();
  }
  switch (kind) {
    case 'freeze':
      await control.freeze();
      await delay(SILENT_MS);
      return control.thaw();
    case 'cut':
      topology.blackhole(node);
      await delay(SILENT_MS);
      return topology.restore(node);
    default:
      monitor.expectExit(control);
      if (kind === 'kill') {
        await control.kill();
        await delay(KILLED_MS);
      } else {
        await control.stop();
        await delay(STOPPED_MS);
      }
      await control.start();
      monitor.expectRunning(control);
  }
}
