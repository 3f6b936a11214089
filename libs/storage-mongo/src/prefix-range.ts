const LAST_CHARACTER = 0x10ffff;
const LAST_BEFORE_SURROGATES = 0xd7ff;
const FIRST_AFTER_SURROGATES = 0xe000;

/**
 * Returns a condition for strings that begin with `prefix`: a range, which can use an index
 * and in which no character is special.
 */
export function beginsWith(prefix: string): { $gte: string; $lt?: string } {
  const end = firstAfterPrefix(prefix);
  return { $gte: prefix, ...(end === undefined ? {} : { $lt: end }) };
}

/** Returns the first string after all that begin with the prefix; undefined if there is none. */
function firstAfterPrefix(prefix: string): string | undefined {
  const characters = [...prefix];
  for (;;) {
    const last = characters.pop()?.codePointAt(0);
    if (last === undefined) return undefined;
    if (last === LAST_CHARACTER) continue;
    const next = last === LAST_BEFORE_SURROGATES ? FIRST_AFTER_SURROGATES : last + 1;
    return characters.join('') + String.fromCodePoint(next);
  }
}
