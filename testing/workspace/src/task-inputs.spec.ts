import { beforeAll, describe, expect, it } from '@jest/globals';
import { nx, targetsOfProjects } from './nx.ts';

interface Inputs {
  readonly files: readonly string[];
  readonly external: readonly string[];
}

const inputsOf = async (target: string) =>
  JSON.parse(await nx('show', 'target', 'inputs', target, '--json')) as Inputs;

describe('the inputs of a build', () => {
  let build: Inputs;
  let bundle: Inputs;
  beforeAll(async () => {
    build = await inputsOf('@chat/rooms:build');
    bundle = await inputsOf('@chat/chat-service:bundle');
  });

  it('include the sources of the project and of its dependencies', () => {
    expect(build.files).toContain('libs/rooms/src/rooms.ts');
    expect(bundle.files).toContain('libs/realtime/src/index.ts');
  });

  it('include no tests', () => {
    const tests = [...build.files, ...bundle.files].filter((file) =>
      /\.spec\.tsx?$|\/test\/|jest/.test(file),
    );
    expect(tests).toEqual([]);
  });

  it('include the npm packages that the project uses, but not the lockfile', () => {
    expect(build.external).toContain('npm:@nestjs/common');
    expect(build.external).not.toContain('npm:mongoose');
    expect([...build.files, ...bundle.files]).not.toContain('package-lock.json');
  });
});

describe('the inputs of a test', () => {
  it('include the presence of servers only if a suite needs them', async () => {
    const targets = await targetsOfProjects();
    const inputsOfTests = (project: string) => targets.get(project)?.['test']?.inputs;
    expect(inputsOfTests('@chat/storage-mongo')).toContain('servers');
    expect(inputsOfTests('@chat/rooms')).not.toContain('servers');
  });
});
