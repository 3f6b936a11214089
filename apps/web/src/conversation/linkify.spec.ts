import { assertForHostileTexts, assertLinearTime } from '@chat/testing/hostile-text';
import { describe, expect, it } from '@jest/globals';
import { linkify, type TextPart } from './linkify.ts';

function links(text: string): string[] {
  return linkify(text).flatMap((part) => (part.kind === 'link' ? [part.text] : []));
}

function join(parts: readonly TextPart[]): string {
  return parts.map(({ text }) => text).join('');
}

describe('linkify', () => {
  it('finds every http and https address', () => {
    expect(links('see https://example.org/a?b=c#d, HTTP://A.B and http://localhost:3000')).toEqual([
      'https://example.org/a?b=c#d',
      'HTTP://A.B',
      'http://localhost:3000',
    ]);
  });

  it.each([
    ['Look: https://example.org.', 'https://example.org'],
    ['on http://example.org:3000.', 'http://example.org:3000'],
    ['http://example.org: a page', 'http://example.org'],
    ['really https://example.org?!', 'https://example.org'],
    ['https://example.org/a… and', 'https://example.org/a'],
    ['https://example.org/a—b', 'https://example.org/a'],
    ['**https://example.org/a**', 'https://example.org/a'],
    ['see *https://example.org/a*.', 'https://example.org/a'],
    ['~~https://example.org/~~', 'https://example.org/'],
    ['<https://example.org/a>', 'https://example.org/a'],
  ])('leaves out the punctuation around an address: %s', (text, address) => {
    expect(links(text)).toEqual([address]);
  });

  it.each([
    'https://example.org/a_',
    'https://example.org/a*',
    'https://example.org/~',
    "https://example.org/Hobson's_choice",
  ])('links the whole of %s', (address) => {
    expect(links(`${address}, and (${address}).`)).toEqual([address, address]);
  });

  it.each([
    ['see www.example.org/a_(b), ok', 'www.example.org/a_(b)', 'https://www.example.org/a_(b)'],
    ['请看WWW.Example.org，谢谢', 'WWW.Example.org', 'https://www.example.org/'],
    ['(www.example.org:8080)', 'www.example.org:8080', 'https://www.example.org:8080/'],
    ['write to ada@example.org.', 'ada@example.org', 'mailto:ada@example.org'],
    ['<a.b+c@mail.example.org>', 'a.b+c@mail.example.org', 'mailto:a.b+c@mail.example.org'],
    ['mailto:ada@example.org', 'ada@example.org', 'mailto:ada@example.org'],
    ['写信给ada@example.org。', 'ada@example.org', 'mailto:ada@example.org'],
    ['jürgen@bücher.example!', 'jürgen@bücher.example', 'mailto:j%C3%BCrgen@b%C3%BCcher.example'],
    ['https://example.org/@ada', 'https://example.org/@ada', 'https://example.org/@ada'],
  ])('finds an address without a scheme: %s', (text, address, href) => {
    const found = linkify(text).filter(({ kind }) => kind === 'link');
    expect(found).toEqual([{ kind: 'link', text: address, href }]);
  });

  it('ends an address before a right-to-left override (U+202E)', () => {
    expect(links('https://example.org/a\u202eb')).toEqual(['https://example.org/a']);
  });

  it.each([
    ['(https://example.org)', ['https://example.org']],
    ['[https://example.org/a],', ['https://example.org/a']],
    ['https://example.org/Salt_(food)', ['https://example.org/Salt_(food)']],
    ['(see https://example.org/Salt_(food)).', ['https://example.org/Salt_(food)']],
    ['https://example.org/?a[]=1&b[(c)]', ['https://example.org/?a[]=1&b[(c)]']],
    ['(https://a.example),(https://b.example/c)', ['https://a.example', 'https://b.example/c']],
    ['https://example.org(see below)', ['https://example.org']],
    ['https://example.org/a(', ['https://example.org/a']],
    ['http://[::1]:80/a', ['http://[::1]:80/a']],
  ])('distinguishes brackets in an address from brackets around it: %s', (text, addresses) => {
    expect(links(text)).toEqual(addresses);
  });

  it.each([
    ["'https://example.org/a'", ['https://example.org/a']],
    ['"https://example.org/a"', ['https://example.org/a']],
    ['“https://example.org/a,” she said', ['https://example.org/a']],
    ['«https://example.org/a»', ['https://example.org/a']],
    ["https://example.org/Rubik's_Cube", ["https://example.org/Rubik's_Cube"]],
    ['‘https://example.org/it’s’', ['https://example.org/it’s']],
    ["https://example.org's page", ['https://example.org']],
    ["['https://a.example/b','https://c.example']", ['https://a.example/b', 'https://c.example']],
  ])('distinguishes apostrophes in an address from quotes around it: %s', (text, addresses) => {
    expect(links(text)).toEqual(addresses);
  });

  it.each([
    ['见https://example.org/路径。然后', 'https://example.org/路径'],
    ['请看https://example.org/a，谢谢', 'https://example.org/a'],
    ['https://example.org，谢谢', 'https://example.org'],
    ['見て「https://example.org/a」ね', 'https://example.org/a'],
    ['https://example.orgを見て', 'https://example.org'],
    ['http://localhost:3000에서', 'http://localhost:3000'],
    ['https://日本.jp/あ！', 'https://日本.jp/あ'],
    ['اقرأ https://example.org/مرحبا، ثم', 'https://example.org/مرحبا'],
    ['https://example.org/a؟', 'https://example.org/a'],
    ['https://bücher.example/ü.', 'https://bücher.example/ü'],
    ['https://example.org/🙂', 'https://example.org/🙂'],
  ])('finds addresses in text of any script: %s', (text, address) => {
    expect(links(text)).toEqual([address]);
  });

  it.each([
    ['https://https://example.org', ['https://example.org']],
    ['https://web.example/2020/https://a.example', ['https://web.example/2020/https://a.example']],
  ])('finds one link in nested schemes: %s', (text, addresses) => {
    expect(links(text)).toEqual(addresses);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://example.org',
    'https://',
    'https://...',
    'www.example',
    'www.',
    'awww.example.org',
    '@ada, are you there?',
    'ada@example',
    'ada@localhost:3000',
    'a..b@example.org',
    `${'a'.repeat(65)}@example.org`,
    'ssh git@@example.org',
    'http://[oops',
    'https://1.2.3.4.5/',
    'https://bank.example@example.org/',
    'https://user:password@example.org/',
  ])('does not link %s', (text) => {
    expect(linkify(text)).toEqual([{ kind: 'text', text }]);
  });

  it('links a host of 253 characters, but not one of 254', () => {
    expect(links(`https://${'a'.repeat(253)}`)).toHaveLength(1);
    expect(links(`https://${'a'.repeat(254)}`)).toEqual([]);
  });

  it('returns no parts for an empty text', () => {
    expect(linkify('')).toEqual([]);
  });

  it.each([
    ['closing brackets', `https://a${')'.repeat(3_990)}`],
    ['dots and closing brackets', `https://a${'.'.repeat(2_400)}${')'.repeat(1_590)}`],
  ])('finds a link before thousands of %s in linear time', (_kind, text) => {
    const parts = assertLinearTime(() => linkify(text));
    expect(parts[0]).toEqual({ kind: 'link', text: 'https://a', href: 'https://a/' });
    expect(join(parts)).toBe(text);
  });

  it.each([
    ['schemes', 'https://'.repeat(500)],
    ['credentials', 'https://a:b@'.repeat(330)],
    ['@', '@'.repeat(4_000)],
    ['local parts', 'a@'.repeat(2_000)],
    ['letters before an @', `${'a'.repeat(3_900)}@example.org`],
    ['www.', ' www.'.repeat(800)],
  ])('finds no link in thousands of %s, in linear time', (_kind, text) => {
    const parts = assertLinearTime(() => linkify(text));
    expect(parts).toEqual([{ kind: 'text', text }]);
  });

  it('preserves every character of a hostile text in linear time', () => {
    assertForHostileTexts((text) => join(linkify(text)) === text);
  });

  it('links only to http, https and e-mail addresses in hostile texts', () => {
    const isFollowable = (part: TextPart) =>
      part.kind === 'text' || /^(?:https?:\/\/[^/]|mailto:[^@]+@[^@]+$)/.test(part.href);
    assertForHostileTexts((text) => linkify(text).every(isFollowable), { length: 4_000 });
  });
});
