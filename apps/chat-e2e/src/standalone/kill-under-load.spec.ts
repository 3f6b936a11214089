import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { StandaloneProcess } from '@chat/testing';
import { TestUser } from '../support/test-user.ts';
import { singleOrigin } from '../support/addresses.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { PersistentSender } from '../support/persistent-sender.ts';

const KILLS = 10;
const SENDERS = 20;

describe('the standalone server', () => {
  let server: StandaloneProcess;
  beforeAll(async () => {
    server = await StandaloneProcess.start();
  });
  afterAll(() => server.close());

  it('stores every acknowledged message exactly once, in order and without gaps, across 10 SIGKILLs under load', async () => {
    const users: TestUser[] = [];
    for (let n = 0; n < SENDERS; n += 1)
      users.push(await TestUser.register(singleOrigin(server.url)));
    const senders: PersistentSender[] = [];
    for (const [index, user] of users.entries()) {
      const socket = await user.connect();
      await emitWithAck(socket, 'joinRoom', 'general');
      senders.push(new PersistentSender(socket, 'general', `sender${index}`));
    }
    const running = senders.map((sender) => sender.run());
    const acknowledged = () => senders.flatMap((sender) => sender.acknowledged);
    const retries = () => senders.flatMap((sender) => sender.retries);

    let roundStartedAt = Date.now();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await delay(200 + Math.random() * 800);
      const killedAt = Date.now();
      await server.terminate('SIGKILL');
      await server.restart();
      const retried = () => retries().filter((time) => time > killedAt).length;
      const after = () =>
        acknowledged().filter(({ acknowledgedAt }) => acknowledgedAt > killedAt).length;
      while (after() < SENDERS) await delay(20);
      const before = acknowledged().filter(
        ({ acknowledgedAt }) => acknowledgedAt > roundStartedAt && acknowledgedAt <= killedAt,
      ).length;
      console.log(
        `kill ${kill}: ${before} acknowledged before, ${after()} after, ${retried()} retried`,
      );
      expect(before).toBeGreaterThan(0);
      expect(retried()).toBeGreaterThan(0);
      roundStartedAt = Date.now();
    }
    for (const sender of senders) sender.stop();
    await Promise.all(running);

    const [reader] = users;
    if (!reader) throw new Error('no user to read with');
    const history = await reader.history('general');
    for (const user of users) user.close();

    expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1));
    expect(history.map(({ rev }) => rev)).toEqual(history.map((_, index) => index + 1));
    expect(new Set(history.map(({ id }) => id)).size).toBe(history.length);
    const stored = new Map(history.map((message) => [message.id, message]));
    const lost = acknowledged().filter(({ id }) => !stored.has(id));
    expect(lost).toEqual([]);
    for (const sender of senders) {
      const seqs = sender.acknowledged.map(({ id }) => stored.get(id)?.seq ?? 0);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    }
    console.log(`${acknowledged().length} acknowledged, ${history.length} stored, 0 lost`);
  }, 120_000);
});
