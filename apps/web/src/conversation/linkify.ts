/** Part of a message's text: plain text or a link. */
export type TextPart =
  { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

const SCHEME = /https?:\/\/(?!https?:\/\/)/giu;

/**
 * Matches a host and its port. An ASCII host ends before a script that is written without spaces:
 * no top-level domain mixes the two. An address with credentials (`user@host`) does not match.
 */
const HOST =
  /(?:[\w-]+\.)+[a-z]{2,}(?=[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}])|(?:\[[\da-f:.]+\]|[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)*(?!\.?[\p{L}\p{M}\p{N}_-]))(?::\d+)?(?!\d|:?@|:[\p{L}\p{N}])/iuy;
const MAX_HOST_LENGTH = 253;

/**
 * Matches a run of path characters, an apostrophe inside a word, or a bracket. Non-ASCII quotes,
 * brackets, dashes and punctuation of any script end an address, as do characters that reorder or
 * hide text.
 */
const PATH_PIECE =
  /[\w!#$%&*+,./:;=?@~-]+|[^\p{ASCII}\s\p{Cc}\p{Cs}\p{Bidi_Control}\u200b\u2014\u2015\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Terminal_Punctuation}]+|['’](?=[\p{L}\p{N}])|[()[\]]/uy;
const OPENING_BRACKET = new Map([
  [')', '('],
  [']', '['],
]);
const TRAILING_PUNCTUATION = /[.,;:!?…‥*_~–([]/u;

/**
 * Splits a text into plain text and http(s) links; the concatenated parts equal the text. Runs in
 * linear time: a path is parsed only after a valid host, and each of its characters once.
 */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const { index, 0: scheme } of text.matchAll(SCHEME)) {
    if (index < end) continue;
    const hostEnd = endOfHost(text, index + scheme.length);
    if (hostEnd === undefined || !URL.canParse(text.slice(index, hostEnd))) continue;
    const address = text.slice(index, endOfAddress(text, hostEnd));
    const href = URL.parse(address)?.href;
    if (href === undefined) continue;
    if (index > end) parts.push({ kind: 'text', text: text.slice(end, index) });
    parts.push({ kind: 'link', text: address, href });
    end = index + address.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

function endOfHost(text: string, from: number): number | undefined {
  const host = matchAt(HOST, text, from);
  return host && host.length <= MAX_HOST_LENGTH ? from + host.length : undefined;
}

/** Excludes brackets that were opened before the address, and trailing punctuation. */
function endOfAddress(text: string, hostEnd: number): number {
  let end = /[/?#]/.test(text.charAt(hostEnd)) ? endOfPath(text, hostEnd) : hostEnd;
  while (TRAILING_PUNCTUATION.test(text.charAt(end - 1))) end -= 1;
  return end;
}

function endOfPath(text: string, from: number): number {
  const open: string[] = [];
  let end = from;
  for (;;) {
    const piece = matchAt(PATH_PIECE, text, end);
    if (!piece) return end;
    const opening = OPENING_BRACKET.get(piece);
    if (opening && open.pop() !== opening) return end;
    if (piece === '(' || piece === '[') open.push(piece);
    end += piece.length;
  }
}

function matchAt(pattern: RegExp, text: string, index: number): string | undefined {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0];
}
