/** The same in parts of at most so many, in order; no part of nothing. */
export function partsOf<One>(all: readonly One[], atMost: number): One[][] {
  return Array.from({ length: Math.ceil(all.length / atMost) }, (_, part) =>
    all.slice(part * atMost, (part + 1) * atMost),
  );
}

/** Asks for at most so many at a time, one part after the other; all answers in that order. */
export async function inParts<Asked, Answer>(
  all: readonly Asked[],
  atMost: number,
  ask: (part: readonly Asked[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const part of partsOf(all, atMost)) answers.push(...(await ask(part)));
  return answers;
}
