/** Part of a message's text: plain text or a link. */
export type TextPart =
  { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

/** Matches what may begin an address, or the @ of an e-mail address. */
const CANDIDATE = /https?:\/\/(?!https?:\/\/)|(?<![\w@./-])www\.|@/giu;

/**
 * Matches a host and its port. An ASCII host ends before a script that is written without spaces:
 * no top-level domain mixes the two. An address with credentials (`user@host`) does not match.
 */
const HOST =
  /(?:[\w-]+\.)+[a-z]{2,}(?=[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}])|(?:\[[\da-f:.]+\]|[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)*(?!\.?[\p{L}\p{M}\p{N}_-]))(?::\d+)?(?!\d|:?@|:[\p{L}\p{N}])/iuy;
const MAX_HOST_LENGTH = 253;
/** Matches a host with a top-level domain, which an address without a scheme must have. */
const DOMAIN = /\.[\p{L}\p{M}][\p{L}\p{M}\p{N}-]+$/u;

/** Matches the part of an e-mail address before the @; it ends a script written without spaces. */
const LOCAL_PART =
  /(?:(?![\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}])[\p{L}\p{M}\p{N}_%+.-])+$/u;
const MAX_LOCAL_PART_LENGTH = 64;

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
const TRAILING_PUNCTUATION = /[.,;:!?…‥–([]/u;
/** Marks of emphasis: a part of the address, unless one is before it as well. */
const EMPHASIS = /[*_~]/;

interface Address {
  readonly start: number;
  readonly end: number;
  readonly href: string;
}

/**
 * Splits a text into plain text and links to http and e-mail addresses; the concatenated parts equal
 * the text. Runs in linear time: a path is parsed only after a valid host, and each of its characters
 * once.
 */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  // What follows an address that is not linked may be its password or host.
  let unlinkedUntil = 0;
  for (const { index, 0: match } of text.matchAll(CANDIDATE)) {
    if (index < end) continue;
    let address: Address | undefined;
    if (match !== '@') {
      address = webAddressAt(text, index, match);
      if (!address && index >= unlinkedUntil) unlinkedUntil = endOfWord(text, index);
    } else if (index >= unlinkedUntil) {
      address = emailAddressAround(text, index, end);
    }
    if (!address) continue;
    if (address.start > end) parts.push({ kind: 'text', text: text.slice(end, address.start) });
    const { href } = address;
    parts.push({ kind: 'link', text: text.slice(address.start, address.end), href });
    end = address.end;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** Returns the address that begins with a scheme, or with `www.`. */
function webAddressAt(text: string, start: number, prefix: string): Address | undefined {
  const hasScheme = prefix.endsWith('/');
  const hostStart = hasScheme ? start + prefix.length : start;
  const hostEnd = endOfHost(text, hostStart);
  if (hostEnd === undefined) return undefined;
  const isDomain = DOMAIN.test(text.slice(start + prefix.length, hostEnd).replace(/:\d+$/, ''));
  if (!hasScheme && !isDomain) return undefined;
  const toUrl = (end: number): URL | null =>
    URL.parse((hasScheme ? '' : 'https://') + text.slice(start, end));
  if (!toUrl(hostEnd)) return undefined;
  const end = endOfAddress(text, start, hostEnd);
  const href = toUrl(end)?.href;
  return href === undefined ? undefined : { start, end, href };
}

/** Returns the e-mail address with this @, unless it begins before `from`. */
function emailAddressAround(text: string, at: number, from: number): Address | undefined {
  const before = text.slice(Math.max(from, at - MAX_LOCAL_PART_LENGTH - 1), at);
  const local = LOCAL_PART.exec(before)?.[0].replace(/^[.%+-]+/, '');
  if (!local || local.length > MAX_LOCAL_PART_LENGTH || /\.\.|\.$/.test(local)) return undefined;
  const end = endOfHost(text, at + 1);
  if (end === undefined) return undefined;
  const host = text.slice(at + 1, end);
  if (host.includes(':') || !DOMAIN.test(host)) return undefined;
  const address = `${local}@${host}`;
  return { start: at - local.length, end, href: URL.parse(`mailto:${address}`)?.href ?? '' };
}

function endOfWord(text: string, from: number): number {
  const space = text.slice(from).search(/\s/);
  return space < 0 ? text.length : from + space;
}

function endOfHost(text: string, from: number): number | undefined {
  const host = matchAt(HOST, text, from);
  return host && host.length <= MAX_HOST_LENGTH ? from + host.length : undefined;
}

/**
 * Excludes brackets that were opened before the address, trailing punctuation, and the emphasis
 * that surrounds the address.
 */
function endOfAddress(text: string, start: number, hostEnd: number): number {
  let end = /[/?#]/.test(text.charAt(hostEnd)) ? endOfPath(text, hostEnd) : hostEnd;
  const before = text.charAt(start - 1);
  const isAfter = (character: string): boolean =>
    TRAILING_PUNCTUATION.test(character) || (EMPHASIS.test(before) && character === before);
  while (end > hostEnd && isAfter(text.charAt(end - 1))) end -= 1;
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
