import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse as parseDotenv } from 'dotenv';
import { z } from 'zod';
import { StartError } from './start-error.ts';

/** The server cannot start with the settings it was given; one line for each that is wrong. */
export class SettingsError extends StartError {
  override readonly name = 'SettingsError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

export interface SettingsSources {
  /** Command line options, without `node` and the script; `--data-dir x` sets DATA_DIR. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of a `.env` file; one that does not exist is as good as empty. */
  readonly envFile?: string;
}

/** What `--help` and the documentation say of one setting. */
export interface SettingDescription {
  readonly name: string;
  /** As on the command line, for example `--data-dir`. */
  readonly option: string;
  readonly description: string;
  /** As it would be written; undefined when there is none. */
  readonly defaultValue: string | undefined;
}

/**
 * Reads settings by name: from the command line, else the environment, else
 * the `.env` file, else the schema's default. An empty value counts as unset.
 *
 * @param schema an object schema whose keys are ENVIRONMENT_NAMES.
 * @throws SettingsError that names every setting that is wrong. It never contains a value.
 */
export function loadSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  sources: SettingsSources,
): z.output<z.ZodObject<Shape>> {
  const names = Object.keys(schema.shape);
  const given = [
    fromCommandLine(names, sources.argv),
    sources.env,
    sources.envFile === undefined ? {} : fromFile(sources.envFile),
  ];
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = given.map((source) => source[name]).find(Boolean);
    if (value !== undefined) values[name] = value;
  }
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  throw new SettingsError(
    result.error.issues.map(
      ({ path, message }) => `${path.length > 0 ? path.join('.') : 'Settings'}: ${message}.`,
    ),
  );
}

/** Every setting of a schema, in its order. */
export function describeSettings(schema: z.ZodObject): SettingDescription[] {
  return Object.entries(schema.shape).map(([name, setting]) => {
    const unset = z.safeParse(setting, undefined);
    return {
      name,
      option: `--${optionName(name)}`,
      description: z.globalRegistry.get(setting)?.description ?? '',
      defaultValue: unset.success && unset.data !== undefined ? String(unset.data) : undefined,
    };
  });
}

/** A setting's name as on the command line, without the dashes. */
export function optionName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

function fromCommandLine(
  names: readonly string[],
  argv: readonly string[],
): Record<string, string | undefined> {
  const options = Object.fromEntries(
    names.map((name) => [optionName(name), { type: 'string' as const }]),
  );
  // Not strict, because the messages of the strict mode repeat what was typed.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const values: Record<string, string | undefined> = {};
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option') {
      // What follows an unknown option is its value, and no mistake of its own.
      if (problems.length > 0) continue;
      problems.push('Only options are understood on the command line, such as --port 3000.');
    } else if (!(token.name in options)) {
      problems.push(`Unknown option ${token.rawName}.`);
    } else if (token.value === undefined) {
      problems.push(`Option ${token.rawName} needs a value.`);
    } else {
      values[token.name.toUpperCase().replaceAll('-', '_')] = token.value;
    }
  }
  if (problems.length > 0) throw new SettingsError([...new Set(problems)]);
  return values;
}

function fromFile(path: string): Record<string, string> {
  try {
    return parseDotenv(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new SettingsError([`The file ${path} cannot be read.`]);
  }
}
