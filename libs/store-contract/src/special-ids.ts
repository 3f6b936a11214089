/** Ids that a store could misinterpret, for example as SQL, an operator or a number. */
export const SPECIAL_IDS: readonly string[] = [
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
