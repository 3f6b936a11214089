import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from './nx.ts';

/** First segments of the paths that the gateway handles itself. */
const OWN_SEGMENTS = ['docs', 'docs-json', 'health'];
const GATEWAY = 'libs/gateway/src/routes.ts';

/** Returns the strings in the part of a file that the first group of the pattern matches. */
async function stringsIn(file: string, part: RegExp, string: RegExp): Promise<string[]> {
  const [, matched = ''] = part.exec(await readFile(join(ROOT, file), 'utf8')) ?? [];
  return [...matched.matchAll(string)].map(([, text = '']) => text.replaceAll('\\', ''));
}

describe('the first path segments of the API', () => {
  it.each([
    [
      'are no addresses of the page',
      'libs/platform/src/http/page.ts',
      /RESERVED_SEGMENTS = new Set\(\[(.*?)\]/s,
      /'([^']+)'/g,
      ['assets'],
    ],
    [
      'are proxied by the development server of the page',
      'apps/web/vite.config.ts',
      /SERVER_PATHS = (\[.*?'\/socket\.io')/s,
      /'\/([^']+)'/g,
      [],
    ],
    [
      'are proxied by nginx',
      'docker/nginx/nginx.conf',
      /location ~ \^\/\(([^)]+)\)\(\/\|\$\)/,
      /([^|]+)/g,
      [],
    ],
  ])(`%s, exactly as in ${GATEWAY}`, async (_claim, file, part, string, others) => {
    const forwarded = await stringsIn(GATEWAY, /ROUTES(.*?)\]\);/s, /\['([^']+)',/g);
    expect((await stringsIn(file, part, string)).toSorted()).toEqual(
      [...forwarded, ...OWN_SEGMENTS, ...others].toSorted(),
    );
  });
});
