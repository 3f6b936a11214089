/** A piece of a message's text: plain, or a web address that may be followed. */
export type TextPart =
  { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

const WEB_ADDRESS = /https?:\/\/[^\s<>"'`{}|\\^]+/giu;
const BRACKETS = [
  ['(', ')'],
  ['[', ']'],
] as const;
const TRAILING_PUNCTUATION = /[.,;:!?…*_~]+$/u;

/** Splits a text at its http and https addresses; joined again, the parts are the text. */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(WEB_ADDRESS)) {
    const address = withoutSentenceEnd(match[0]);
    const href = followable(address);
    if (href === undefined) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({ kind: 'link', text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** What ends a sentence, or closes a bracket opened before the address, is not part of it. */
function withoutSentenceEnd(address: string): string {
  const trimmed = address.replace(TRAILING_PUNCTUATION, '');
  for (const [open, close] of BRACKETS) {
    if (trimmed.endsWith(close) && count(trimmed, close) > count(trimmed, open)) {
      return withoutSentenceEnd(trimmed.slice(0, -1));
    }
  }
  return trimmed;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function followable(address: string): string | undefined {
  const url = URL.parse(address);
  return url?.hostname ? url.href : undefined;
}
