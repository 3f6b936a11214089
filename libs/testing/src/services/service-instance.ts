import { fileURLToPath } from 'node:url';
import type { Link } from '../link.ts';
import { ServerProcess } from '../server-process.ts';

export type ServiceName = 'users' | 'messages' | 'chat' | 'gateway';

const START_TIMEOUT_MS = 40_000;
const READY = /^The .+ service is ready at /m;
const NODE_OPTIONS = ['--max-semi-space-size=2'];

export interface InstanceOptions {
  /** Such as `chat-2`. */
  readonly name: string;
  readonly service: ServiceName;
  /** Where others reach it: the port of its link, if it has one. */
  readonly port: number;
  readonly metricsPort: number;
  /** Every setting, PORT included. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything that comes to it and goes from it passes through these; none if it has no links. */
  readonly links: readonly Link[];
  /** Where what it prints goes, too. */
  readonly log?: NodeJS.WritableStream | undefined;
}

/** One process of a service. */
export class ServiceInstance {
  readonly name: string;
  readonly service: ServiceName;
  readonly port: number;
  readonly metricsUrl: string;
  readonly links: readonly Link[];
  readonly process: ServerProcess;

  constructor({ name, service, port, metricsPort, env, links, log }: InstanceOptions) {
    this.name = name;
    this.service = service;
    this.port = port;
    this.metricsUrl = `http://localhost:${metricsPort}/metrics`;
    this.links = links;
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
}

function mainOf(service: ServiceName): string {
  return fileURLToPath(new URL(`../../../../apps/${service}/bundle/main.js`, import.meta.url));
}
