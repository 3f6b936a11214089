/**
 * Returns a name for use inside a sentence, isolated so that its direction does not affect the words
 * around it (Unicode Standard Annex 9, FSI and PDI). In markup, use `<bdi>` instead.
 */
export function isolate(name: string): string {
  return `\u2068${name}\u2069`;
}
