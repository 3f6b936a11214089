import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SettingsError } from '@chat/platform';

const MIN_LENGTH = 32;
const SECRET_FILE = 'jwt-secret';

/** What placeholders and the secrets of tutorials contain; random ones practically never do. */
const WELL_KNOWN =
  /secret|passw|(change|replace)[-_ ]?(me|this|it)|your[-_ ]|example|default|qwerty|letmein|1234567|abcdefg/i;

/**
 * The secret for signing tokens: JWT_SECRET if it is set; else, outside
 * production, one that is made once and kept in the data folder.
 *
 * @throws SettingsError that names JWT_SECRET when production has none or a weak one.
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
  return given ?? keptSecret(join(dataDir, SECRET_FILE));
}

/** What makes the secret guessable; undefined for a good one. */
function weaknessOf(secret: string): string | undefined {
  if (secret.length < MIN_LENGTH) return `is shorter than ${MIN_LENGTH} characters`;
  if (new Set(secret).size < 10) return 'repeats a few characters';
  if (WELL_KNOWN.test(secret)) return 'is made of well-known words';
  return undefined;
}

function keptSecret(file: string): string {
  const kept = read(file);
  if (kept !== undefined) return kept;
  // Written whole under another name first: a crash leaves either no secret or all of it.
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const secret = randomBytes(48).toString('base64url');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(draft, secret, { flag: 'wx', mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const made = read(file);
  if (made === undefined) throw new Error(`${file} vanished`);
  return made;
}

function read(file: string): string | undefined {
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (secret.length < MIN_LENGTH) {
      throw new SettingsError([
        `JWT_SECRET: the file ${file} is damaged; delete it to make a new one.`,
      ]);
    }
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
