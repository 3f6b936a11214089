import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from '../nx.ts';

describe.each(['gateway', 'users', 'messages', 'chat'])('the command that starts %s', (service) => {
  const command = `npx nx serve ${service}-service`;
  const read = (file: string) => readFile(join(ROOT, 'apps', service, file), 'utf8');

  it('names a project with a target to serve it', async () => {
    expect(JSON.parse(await read('package.json'))).toMatchObject({
      name: `@chat/${service}-service`,
      nx: { targets: { serve: { command: `node apps/${service}/bundle/main.js` } } },
    });
  });

  it('is the one in --help and in .env.example', async () => {
    expect(await read('src/main.ts')).toContain(`usage: '${command} -- [options]'`);
    expect(await read('.env.example')).toContain(`\`${command}\` reads it`);
  });
});
