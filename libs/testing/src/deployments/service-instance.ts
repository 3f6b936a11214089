import { fileURLToPath } from 'node:url';
import type { FaultProxy } from '../network/fault-proxy.ts';
import { ServerProcess } from '../processes/server-process.ts';

export type ServiceName = 'users' | 'messages' | 'chat' | 'gateway';

const START_TIMEOUT_MS = 40_000;
const READY = /^The .+ service is ready at /m;
const NODE_OPTIONS = ['--max-semi-space-size=2'];

export interface InstanceOptions {
  /** Name with a number, such as `chat-2`. */
  readonly name: string;
  readonly service: ServiceName;
  /** Port for clients and other services: the port of its proxy, if it has one. */
  readonly port: number;
  readonly metricsPort: number;
  /** All settings, including PORT. */
  readonly env: Readonly<Record<string, string>>;
  /** Proxies for all its inbound and outbound traffic; empty if the topology has none. */
  readonly proxies: readonly FaultProxy[];
  /** Receives a copy of the output. */
  readonly log?: NodeJS.WritableStream | undefined;
}

/** One instance of a service, in a child process. */
export class ServiceInstance {
  readonly name: string;
  readonly service: ServiceName;
  readonly port: number;
  readonly metricsUrl: string;
  readonly proxies: readonly FaultProxy[];
  readonly process: ServerProcess;

  constructor({ name, service, port, metricsPort, env, proxies, log }: InstanceOptions) {
    this.name = name;
    this.service = service;
    this.port = port;
    this.metricsUrl = `http://localhost:${metricsPort}/metrics`;
    this.proxies = proxies;
    this.process = new ServerProcess({
      name,
      command: process.execPath,
      args: [...NODE_OPTIONS, mainOf(service)],
      env,
      ...(log && { log }),
      isReady: (output) => READY.test(output),
      startTimeoutMs: START_TIMEOUT_MS,
    });
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.process.pid;
  }
}

function mainOf(service: ServiceName): string {
  return fileURLToPath(new URL(`../../../../apps/${service}/bundle/main.js`, import.meta.url));
}
