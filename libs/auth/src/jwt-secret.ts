import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SettingsError } from '@chat/platform/settings';

const MIN_LENGTH = 32;
const SECRET_FILE = 'jwt-secret';

/** Words in placeholders and tutorial secrets; random secrets practically never contain them. */
const WELL_KNOWN =
  /secret|passw|(change|replace)[-_ ]?(me|this|it)|your[-_ ]|example|default|qwerty|letmein|1234567|abcdefg/i;

/**
 * Returns the secret that signs tokens: JWT_SECRET if it is set; else, outside production, a secret
 * that is generated once and stored in the data directory.
 *
 * @throws SettingsError that names JWT_SECRET when it is missing or weak in production
 */
export function resolveJwtSecret(
  settings: { readonly NODE_ENV: string; readonly JWT_SECRET?: string | undefined },
  dataDir: string,
): string {
  const { JWT_SECRET: given, NODE_ENV: environment } = settings;
  if (environment === 'production') {
    const weakness = given === undefined ? 'is missing' : weaknessOf(given);
    if (weakness) {
      throw new SettingsError([
        `JWT_SECRET: ${weakness}; in production it must be at least ${MIN_LENGTH} random characters, such as the output of "openssl rand -base64 48".`,
      ]);
    }
  }
  return given ?? storedSecret(join(dataDir, SECRET_FILE));
}

/** Returns the reason why a secret is weak; undefined for a strong one. */
function weaknessOf(secret: string): string | undefined {
  if (secret.length < MIN_LENGTH) return `is shorter than ${MIN_LENGTH} characters`;
  if (new Set(secret).size < 10) return 'repeats a few characters';
  if (WELL_KNOWN.test(secret)) return 'is made of well-known words';
  return undefined;
}

function storedSecret(file: string): string {
  const existing = read(file);
  if (existing !== undefined) return existing;
  // Written under a temporary name first: a crash leaves either no secret or a complete one.
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  const secret = randomBytes(48).toString('base64url');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(temporary, secret, { flag: 'wx', mode: 0o600, flush: true });
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  const stored = read(file);
  if (stored === undefined) throw new Error(`${file} was deleted`);
  return stored;
}

function read(file: string): string | undefined {
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (secret.length < MIN_LENGTH) {
      throw new SettingsError([
        `JWT_SECRET: the file ${file} is damaged; delete it to generate a new one.`,
      ]);
    }
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
