import { describe, expect, it } from '@jest/globals';
import { linkify } from './linkify.ts';

function links(text: string): string[] {
  return linkify(text).flatMap((part) => (part.kind === 'link' ? [part.text] : []));
}

describe('linkify', () => {
  it('finds every http and https address', () => {
    expect(links('see https://example.org/a?b=c#d and http://localhost:3000')).toEqual([
      'https://example.org/a?b=c#d',
      'http://localhost:3000',
    ]);
  });

  it('keeps every character of the text', () => {
    const text = 'a\n(https://example.org/x_(y)) b https://é.example/ü. — end';
    expect(
      linkify(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });

  it.each([
    ['Look: https://example.org.', 'https://example.org'],
    ['(https://example.org)', 'https://example.org'],
    ['[https://example.org/a],', 'https://example.org/a'],
    [
      'https://en.example.org/wiki/Salt_(cryptography)',
      'https://en.example.org/wiki/Salt_(cryptography)',
    ],
    [
      '(see https://en.example.org/wiki/Salt_(cryptography)).',
      'https://en.example.org/wiki/Salt_(cryptography)',
    ],
    ['really https://example.org?!', 'https://example.org'],
  ])('leaves the punctuation around an address out: %s', (text, address) => {
    expect(links(text)).toEqual([address]);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://example.org',
    'https://',
    'www.example.org',
    'http://[oops',
  ])('makes no link of %s', (text) => {
    expect(linkify(text)).toEqual([{ kind: 'text', text }]);
  });

  it('has no parts for an empty text', () => {
    expect(linkify('')).toEqual([]);
  });
});
