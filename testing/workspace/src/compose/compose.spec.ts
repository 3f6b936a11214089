import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from '../nx.ts';

type Port =
  | string
  | { readonly published: string | number; readonly target: number; readonly protocol?: string };

/** Returns a port mapping in the short syntax. */
function portOf(port: Port): string {
  return typeof port === 'string' ? port : `${port.published}:${port.target}/tcp`;
}

interface Container {
  readonly image?: string;
  readonly container_name?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly entrypoint?: readonly string[];
  readonly build?: unknown;
  readonly user?: string;
  readonly restart?: string;
  readonly mem_limit?: string | number;
  readonly healthcheck?: { readonly test?: unknown; readonly interval?: string };
  readonly ports?: readonly Port[];
  readonly volumes?: readonly string[];
  readonly hostname?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Services that an operator may scale. */
const SCALED = ['users', 'messages', 'chat'];
/** Containers that exit after initializing what the others need. */
const ONE_SHOTS = ['secrets', 'replica-set'];
/** Stages of the Dockerfile that are built as images. */
const STAGES = ['service', 'web', 'rabbitmq'];

describeWithProgram('docker-compose', 'docker-compose.yml', () => {
  const resolveServices = (env: Record<string, string> = {}): Record<string, Container> => {
    const text = execFileSync(programPath('docker-compose'), ['config'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    });
    return (parse(text) as { services: Record<string, Container> }).services;
  };
  const services = resolveServices();
  const containers = Object.entries(services);
  const running = containers.filter(([name]) => !ONE_SHOTS.includes(name));

  it('is valid without settings and defines every service', () => {
    expect(Object.keys(services).toSorted()).toEqual(
      [
        ...ONE_SHOTS,
        'mongo',
        'rabbitmq',
        'redis',
        'users',
        'messages',
        'chat',
        'gateway',
        'web',
      ].toSorted(),
    );
  });

  it.each(running)(
    'runs %s unprivileged, with a health check, a restart policy and a memory limit',
    (_name, container) => {
      expect(container.healthcheck?.test).toBeDefined();
      expect(container.restart).toBe('unless-stopped');
      expect(container.mem_limit).toBeDefined();
      expect(container.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(container.cap_drop).toEqual(['ALL']);
    },
  );

  it.each(containers.filter(([, { build }]) => !build))(
    'runs %s from a pinned version of a public image',
    (_name, { image }) => {
      expect(image).toMatch(/^(mongo|redis):\d+\.\d+\.\d+(-\w+)?$/);
    },
  );

  it.each(containers)(
    'sets no fixed container or image name for %s, so that two clones can run side by side',
    (_name, container) => {
      if (container.build) expect(container.image).toBeUndefined();
      expect(container.container_name).toBeUndefined();
    },
  );

  it.each(containers)('mounts only named volumes into %s', (_name, { volumes = [] }) => {
    for (const volume of volumes) expect(volume).toMatch(/^[a-z-]+:/);
  });

  it('probes the gateway, which web waits for, every 10 s, and the others every 30 s', () => {
    const intervals = running.map(([name, { healthcheck }]) => [name, healthcheck?.interval]);
    const expected = running.map(([name]) => [name, name === 'gateway' ? '10s' : '30s']);
    expect(intervals).toEqual(expected);
  });

  it.each(running.filter(([name]) => name !== 'rabbitmq'))(
    'mounts the root file system of %s read-only',
    (_name, container) => {
      expect(container.read_only).toBe(true);
    },
  );

  it('starts each service that mounts the secrets after they are generated', () => {
    const readers = running.filter(([, { volumes = [] }]) =>
      volumes.some((volume) => volume.startsWith('secrets:')),
    );
    expect(readers.map(([name]) => name).toSorted()).toEqual(SCALED.toSorted());
    for (const [name, { depends_on: after }] of readers) {
      expect([name, after?.['secrets']?.condition]).toEqual([
        name,
        'service_completed_successfully',
      ]);
    }
  });

  it('runs make-secrets.mjs in the secrets container', () => {
    expect(services['secrets']?.entrypoint).toEqual(['node', 'docker/make-secrets.mjs']);
  });

  it('publishes no ports of users, messages or chat', () => {
    for (const name of SCALED) expect(services[name]?.ports).toBeUndefined();
  });

  it('publishes the ports of the web client and the gateway, 3001 to 3003 for the legacy client, and RabbitMQ only on 127.0.0.1', () => {
    const ports = containers.flatMap(([, { ports: published = [] }]) => published.map(portOf));
    expect(ports.toSorted()).toEqual(
      [
        '127.0.0.1:15672:15672/tcp',
        '127.0.0.1:5672:5672/tcp',
        '3000:3000/tcp',
        '3001:3001/tcp',
        '3002:3002/tcp',
        '3003:3003/tcp',
        '80:8080/tcp',
      ].toSorted(),
    );
  });

  it('takes the ports of the web client and the gateway from WEB_PORT and GATEWAY_PORT', () => {
    const changed = resolveServices({ WEB_PORT: '8081', GATEWAY_PORT: '4000' });
    expect(
      [changed['web']?.ports?.[0], changed['gateway']?.ports?.[0]].map(
        (port) => port && portOf(port),
      ),
    ).toEqual(['8081:8080/tcp', '4000:3000/tcp']);
  });

  it('gives MongoDB and RabbitMQ named volumes and fixed host names', () => {
    expect(services['mongo']?.volumes?.join()).toContain('mongo:/data/db');
    expect(services['rabbitmq']?.volumes?.join()).toContain('rabbitmq:/var/lib/rabbitmq');
    expect([services['mongo']?.hostname, services['rabbitmq']?.hostname]).toEqual([
      'mongo',
      'rabbitmq',
    ]);
  });

  it.each([...SCALED, 'gateway'])('sets only settings that %s defines', async (name) => {
    const file = join(ROOT, `apps/${name}/src/${name}-settings.ts`);
    const module = (await import(file)) as Record<string, { readonly shape: object }>;
    const known = Object.keys(module[`${name}Settings`]?.shape ?? {});
    // with-secrets.sh reads the secret from this file.
    if (known.includes('JWT_SECRET')) known.push('JWT_SECRET_FILE');
    const set = Object.keys(services[name]?.environment ?? {});
    expect(set).not.toEqual([]);
    expect(set.filter((setting) => !known.includes(setting))).toEqual([]);
  });
});

describe('docker/Dockerfile', () => {
  const text = readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8');
  const stages = text.split(/^(?=FROM )/m);

  it.each(STAGES)('pins the version of the base image of %s', (stage) => {
    const [, argument] =
      stages
        .map((lines) => /^FROM \$\{(\w+)\} AS (\w+)/.exec(lines) ?? [])
        .find(([, , name]) => name === stage) ?? [];
    expect(text).toMatch(new RegExp(`^ARG ${argument}=\\S+:\\d+\\.\\d+\\.\\d+`, 'm'));
  });

  it.each(STAGES)('sets the mode of every file that %s copies from the build context', (name) => {
    const lines = stages.find((stage) => stage.split('\n')[0]?.endsWith(` AS ${name}`)) ?? '';
    const copies = lines.match(/^COPY .*/gm) ?? [];
    expect(copies).not.toEqual([]);
    for (const copy of copies) expect(copy).toMatch(/^COPY (--from=build|--chmod=0644) /);
  });
});

describe('the RabbitMQ policy', () => {
  it('sets the delivery limit of the partition queues to 1,000,000 and nothing else', () => {
    const definitions = JSON.parse(
      readFileSync(`${ROOT}/docker/rabbitmq/definitions.json`, 'utf8'),
    ) as { policies: { pattern: string; definition: object }[] };
    const [policy] = definitions.policies;
    expect(policy?.definition).toEqual({ 'delivery-limit': 1_000_000 });
    expect('chat.messages.16.3').toMatch(new RegExp(policy?.pattern ?? 'none'));
  });
});

describe('the JWT secret of an installation', () => {
  const makeSecret = (file: string): string => {
    const make = join(ROOT, 'docker/make-secrets.mjs');
    execFileSync(process.execPath, [make], { env: { JWT_SECRET_FILE: file } });
    return readFileSync(file, 'utf8');
  };
  const folder = mkdtempSync(join(tmpdir(), 'chat-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is generated once and passed to commands as JWT_SECRET', () => {
    const file = join(folder, 'jwt');
    const secret = makeSecret(file);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect(makeSecret(file)).toBe(secret);
    const script = join(ROOT, 'docker/with-secrets.sh');
    const given = execFileSync(script, ['printenv', 'JWT_SECRET'], {
      env: { PATH: process.env['PATH'], JWT_SECRET_FILE: file },
      encoding: 'utf8',
    });
    expect(given.trim()).toBe(secret);
  });
});
