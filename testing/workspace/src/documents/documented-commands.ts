import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../nx.ts';

const COMMAND = /^(npm|npx|node|docker|docker-compose) /;

/** Returns the commands in all documents, excluding comments, pipes and redirections. */
export async function documentedCommands(): Promise<string[]> {
  const docs = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'));
  const files = [
    'README.md',
    'CONTRIBUTING.md',
    'docker/README.md',
    'libs/client/README.md',
    ...docs.map((name) => `docs/${name}`),
  ];
  const commands = new Set<string>();
  for (const file of files) {
    for (const line of codeOf(await readFile(join(ROOT, file), 'utf8'))) {
      for (const part of line.replace(/\s#.*/, '').split('&&')) {
        const command = part.replace(/\s[|>]\s.*/, '').trim();
        if (COMMAND.test(command)) commands.add(command);
      }
    }
  }
  return [...commands].toSorted();
}

/** Returns the lines of code blocks, and inline code. */
function codeOf(markdown: string): string[] {
  const blocks: string[] = [];
  const text = markdown.replace(/^ *```\w*\n(.*?)^ *```/gms, (_block, code: string) => {
    blocks.push(...code.split('\n'));
    return '';
  });
  const spans = [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '));
  return [...blocks, ...spans];
}
