/** Asks for at most so many at a time, one part after the other; all answers in that order. */
export async function inParts<Asked, Answer>(
  all: readonly Asked[],
  atMost: number,
  ask: (part: readonly Asked[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let start = 0; start < all.length; start += atMost) {
    answers.push(...(await ask(all.slice(start, start + atMost))));
  }
  return answers;
}
