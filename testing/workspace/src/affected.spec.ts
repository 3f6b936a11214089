import { describe, expect, it } from '@jest/globals';
import { nx } from './nx.ts';

async function showProjects(...args: string[]): Promise<string[]> {
  return (JSON.parse(await nx('show', 'projects', '--json', ...args)) as string[]).sort();
}

const affectedBy = (file: string) => showProjects('--affected', `--files=${file}`);

describe('nx affected', () => {
  it('selects only the page and its suite when the page changes', async () => {
    expect(await affectedBy('apps/web/src/main.tsx')).toEqual(['@chat/web', '@chat/web-e2e']);
  });

  it.each(['docs/contract.md', 'docker-compose.yml'])(
    'selects the workspace tests when %s changes',
    async (file) => {
      expect(await affectedBy(file)).toEqual(['@chat/workspace']);
    },
  );

  it('selects every project when the wire contract changes', async () => {
    expect(await affectedBy('libs/contracts/src/messages/message.ts')).toEqual(
      await showProjects(),
    );
  });
});
