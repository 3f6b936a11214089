/** Texts that a store could take for something else than themselves. */
export const AWKWARD_IDS: readonly string[] = [
  "'; DROP TABLE messages; --",
  '?1',
  '$where',
  '{"$gt":""}',
  'a.b.$[]',
  '__proto__',
  'constructor',
  'null',
  '0',
  ' between blanks ',
  'nothing\u0000ends here',
  'שלום 日本語 👩‍👩‍👧‍👦',
];
