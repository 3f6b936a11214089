import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Metrics, Refusals } from '@chat/platform/monitoring';
import { describeSettings } from '@chat/platform/settings';
import type { z } from 'zod';
import { ROOT } from '../nx.ts';
import { codeIn, documentedRows } from './document-tables.ts';

const DOCUMENT = 'docs/operations.md';
/** Text in the column "default" for a required setting. */
const REQUIRED = 'must be set';
const SERVICES = ['gateway', 'users', 'messages', 'chat'];
const PROCESSES = ['standalone', ...SERVICES];

/** Names of groups of processes in the column "of". */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  all: PROCESSES,
  'all but gateway': PROCESSES.filter((name) => name !== 'gateway'),
  'all services': SERVICES,
};

describe(`the settings in ${DOCUMENT}`, () => {
  const documented = new Map<string, string[]>(PROCESSES.map((name) => [name, []]));
  beforeAll(async () => {
    for (const row of await documentedRows(DOCUMENT, 'setting')) {
      for (const setting of settingsIn(row)) {
        for (const process of processesIn(row['of'])) documented.get(process)?.push(setting);
      }
    }
  });

  it.each(PROCESSES)('match the schema of %s, including the defaults', async (process) => {
    expect(documented.get(process)?.toSorted()).toEqual((await settingsOf(process)).toSorted());
  });
});

describe(`the metrics in ${DOCUMENT}`, () => {
  it('match the metrics in the sources', async () => {
    const rows = await documentedRows(DOCUMENT, 'metric');
    const documented = rows
      .flatMap((row) => codeIn(row['metric']))
      .map((code) => code.replace(/\{.*/, ''))
      .filter((name) => name.startsWith('chat_'));
    expect(documented.toSorted()).toEqual(await metricsInSources());
  });

  it('include each limit of chat_refusals_total', async () => {
    const metrics = new Metrics();
    new Refusals(metrics);
    const counter = await metrics.registry.getSingleMetric('chat_refusals_total')?.get();
    const limits = counter?.values.map(({ labels }) => String(labels['limit'])) ?? [];
    const rows = await documentedRows(DOCUMENT, 'limit');
    const documented = rows.flatMap((row) => codeIn(row['limit']));
    expect(limits).not.toEqual([]);
    expect(documented.toSorted()).toEqual(limits.toSorted());
  });
});

/**
 * Returns the settings of a row as `NAME` or `NAME=default`; a row with several names has the
 * same number of defaults.
 */
function settingsIn(row: Readonly<Record<string, string>>): string[] {
  const names = codeIn(row['setting']);
  const defaults = names.length > 1 ? (row['default'] ?? '').split(', ') : [row['default'] ?? ''];
  if (defaults.length !== names.length) throw new Error(`${names.join()}: wrong default count`);
  return names.map((name, n) =>
    settingOf(name, defaults[n] === REQUIRED ? REQUIRED : codeIn(defaults[n])[0]),
  );
}

function settingOf(name: string, value: string | undefined): string {
  return value === undefined ? name : `${name}=${value}`;
}

function processesIn(cell = ''): readonly string[] {
  return GROUPS[cell] ?? cell.split(', ');
}

async function settingsOf(process: string): Promise<string[]> {
  const file = join(ROOT, `apps/${process}/src/${process}-settings.ts`);
  const module = (await import(file)) as Record<string, z.ZodObject>;
  const schema = module[`${process}Settings`];
  if (!schema) throw new Error(`${file} does not export ${process}Settings`);
  const required = new Set(
    schema.safeParse({}).error?.issues.map(({ path: [name] }) => String(name)),
  );
  return describeSettings(schema).map(({ name, defaultValue }) =>
    settingOf(name, required.has(name) ? REQUIRED : defaultValue),
  );
}

/** Returns the names of all metrics: each is a literal in the code that registers it. */
async function metricsInSources(): Promise<string[]> {
  const names = new Set<string>();
  for (const parent of ['apps', 'libs']) {
    const entries = await readdir(join(ROOT, parent), { recursive: true });
    for (const entry of entries.filter((path) => /^[^/]+\/src\/.*(?<!\.spec)\.ts$/.test(path))) {
      const source = await readFile(join(ROOT, parent, entry), 'utf8');
      for (const [, name = ''] of source.matchAll(/'(chat_[a-z_]+)'/g)) names.add(name);
    }
  }
  return [...names].toSorted();
}
