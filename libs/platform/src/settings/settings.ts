import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse as parseDotenv } from 'dotenv';
import { z } from 'zod';
import { StartError } from '../failures/start-error.ts';

/** Invalid settings, with one line for each problem. */
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
  /** Path of a `.env` file; a missing file counts as empty. */
  readonly envFile?: string;
}

/** Description of one setting, for `--help` and the documentation. */
export interface SettingDescription {
  readonly name: string;
  /** Command line option, for example `--data-dir`. */
  readonly option: string;
  readonly description: string;
  /** Default as text; undefined when there is none. */
  readonly defaultValue: string | undefined;
}

/** Values of a group of settings. */
export type SettingValues<Group extends z.ZodRawShape> = z.output<z.ZodObject<Group>>;

/**
 * Reads settings by name: from the command line, else the environment, else the `.env` file, else
 * the default of the schema. An empty value counts as unset.
 *
 * @param schema an object schema whose keys are ENVIRONMENT_NAMES
 * @throws SettingsError that names every invalid setting and never contains a value
 */
export function loadSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  sources: SettingsSources,
): SettingValues<Shape> {
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

/** Returns the descriptions of all settings of a schema, in its order. */
export function describeSettings(schema: z.ZodObject): SettingDescription[] {
  return Object.entries(schema.shape).map(([name, setting]) => {
    const parsed = z.safeParse(setting, undefined);
    return {
      name,
      option: `--${optionName(name)}`,
      description: z.globalRegistry.get(setting)?.description ?? '',
      defaultValue: parsed.success && parsed.data !== undefined ? String(parsed.data) : undefined,
    };
  });
}

/** Returns the command line option of a setting, without the leading dashes. */
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
  // Not strict, because error messages of the strict mode quote the input.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const values: Record<string, string | undefined> = {};
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option') {
      // The token after an unknown option is its value, not a separate problem.
      if (problems.length > 0) continue;
      problems.push('Only options are allowed on the command line, such as --port 3000.');
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
