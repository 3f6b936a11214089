import { randomBytes } from 'node:crypto';
import { Username } from '@chat/contracts';

const MAX_LENGTH = 32;
const SUFFIX_LENGTH = 7;

/** Derives a valid username from the local part of an email; later attempts add a random suffix. */
export function defaultUsername(email: string, attempt: number): string {
  const local = email.slice(0, email.lastIndexOf('@'));
  const letters = Array.from(local.normalize('NFKC').replace(/[^\p{L}\p{N}._-]+/gu, '-'));
  const first = letters.findIndex((letter) => /[\p{L}\p{N}]/u.test(letter));
  const base = first < 0 ? Array.from('user') : letters.slice(first);
  if (attempt === 0) return Username.parse(base.slice(0, MAX_LENGTH).join(''));
  const suffix = randomBytes(3).toString('hex');
  return Username.parse(`${base.slice(0, MAX_LENGTH - SUFFIX_LENGTH).join('')}-${suffix}`);
}
