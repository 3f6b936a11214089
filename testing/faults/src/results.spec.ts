import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EMPTY_COUNTS } from './check/counts.ts';
import { ResultFile, type Result } from './results.ts';

describe('ResultFile', () => {
  let folder: string;
  let file: ResultFile;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faults-'));
    file = new ResultFile(join(folder, 'results.jsonl'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('returns the appended results in order', async () => {
    await file.append(resultOf('redis:kill'));
    await file.append(resultOf('redis:cut'));
    expect(await file.read()).toEqual([resultOf('redis:kill'), resultOf('redis:cut')]);
  });

  it('returns no results before the first append', async () => {
    expect(await file.read()).toEqual([]);
  });

  it('skips an incomplete line and reads the results around it', async () => {
    await file.append(resultOf('redis:kill'));
    await appendFile(file.path, '\n{"fault":"redis:cut","vic');
    await file.append(resultOf('redis:freeze'));
    const faults = (await file.read()).map(({ fault }) => fault);
    expect(faults).toEqual(['redis:kill', 'redis:freeze']);
  });
});

function resultOf(fault: string): Result {
  return {
    fault,
    code: 'abc1234-def5678',
    commit: 'abc1234',
    at: '2026-01-01T00:00:00.000Z',
    victim: 'redis',
    hit: true,
    evidence: [],
    violations: [],
    counts: EMPTY_COUNTS,
  };
}
