import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RedisServer, ServicesTopology, sharedServers, until } from '@chat/testing';
import { describeWithServices } from '@chat/testing/suites';
import { TestUser, type ClientSocket } from '../support/test-user.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { singleOrigin } from '../support/addresses.ts';
import { metric } from '../support/metrics.ts';

await describeWithServices('the services', () => {
  let redis: RedisServer;
  let topology: ServicesTopology;
  let user: TestUser;
  let socket: ClientSocket;
  beforeAll(async () => {
    redis = await RedisServer.start();
    topology = await ServicesTopology.start({
      servers: { ...(await sharedServers('observability')), redis },
      env: { all: { LOG_LEVEL: 'debug' } },
    });
    user = await TestUser.register(singleOrigin(topology.gatewayUrl));
    socket = await user.connect();
    await emitWithAck(socket, 'joinRoom', 'observed');
  }, 90_000);
  afterAll(async () => {
    user.close();
    await topology.close();
    await redis.close();
  });

  it('count and time a message in the metrics of chat, messages and gateway', async () => {
    const [chat, messages, gateway] = [
      topology.instance('chat'),
      topology.instance('messages'),
      topology.instance('gateway'),
    ];
    const received = new Promise((resolve) => socket.once('receiveMessage', resolve));
    await emitWithAck(socket, 'sendMessage', { roomId: 'observed', text: 'count me' });
    await received;
    await emitWithAck(socket, 'sendMessage', { roomId: 'observed', text: '' });
    expect(await metric(chat, 'chat_connections')).toBe(1);
    expect(await metric(chat, 'chat_sends_total', 'outcome="acknowledged"')).toBe(1);
    expect(await metric(chat, 'chat_send_to_acknowledged_seconds_count')).toBe(1);
    expect(await metric(chat, 'chat_accepted_to_shown_seconds_count')).toBe(1);
    expect(await metric(chat, 'chat_socket_errors_total', 'code="VALIDATION"')).toBe(1);
    expect(await metric(chat, 'chat_publishes_in_flight')).toBe(0);
    expect(await metric(messages, 'chat_messages_stored_total')).toBe(1);
    expect(await metric(messages, 'chat_batch_messages_count')).toBe(1);
    expect(await metric(messages, 'chat_accepted_to_stored_seconds_count')).toBe(1);
    expect(await metric(messages, 'chat_queue_depth')).toBe(0);
    expect(await metric(gateway, 'chat_gateway_sockets')).toBe(1);
    expect(await metric(chat, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
  });

  it('report cache hits for history reads in X-Cache and in metrics', async () => {
    const path = '/messages/history/observed';
    await user.waitForSeq('observed', 1);
    await until('a page comes from the cache', async () => {
      return (await user.call('GET', path)).headers.get('x-cache') === 'hit';
    });
    const hits = await metric(topology.instance('messages'), 'chat_history_reads_total', '"hit"');
    expect(hits).toBeGreaterThan(0);
  });

  it('return 404 for /metrics at the gateway and on the API port of each service', async () => {
    const response = await user.call('GET', '/metrics');
    expect(response.status).toBe(404);
    const services = topology.instances().filter(({ service }) => service !== 'gateway');
    for (const { url } of services) expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });

  it('log the same message id in chat and messages, without text or credentials', async () => {
    const received = new Promise((resolve) => socket.once('receiveMessage', resolve));
    const ack = await emitWithAck(socket, 'sendMessage', {
      roomId: 'observed',
      text: 'follow me',
    });
    await received;
    const id = ack.ok ? ack.id : '';
    const logged = (service: 'chat' | 'messages'): string[] =>
      topology
        .instance(service)
        .process.output.split('\n')
        .filter((line) => line.includes(`"messageId":"${id}"`))
        .map((line) => (JSON.parse(line) as { msg: string }).msg);
    await until('the log is written', () => {
      return logged('messages').length > 0 && logged('chat').length > 2;
    });
    expect(logged('chat').toSorted()).toEqual([
      'message accepted',
      'message acknowledged',
      'message shown',
    ]);
    expect(logged('messages')).toEqual(['message stored']);
    const logs = topology
      .instances()
      .map(({ process }) => process.output)
      .join('\n');
    expect(logs).not.toContain('follow me');
    expect(logs).not.toContain(user.token);
    expect(logs).not.toContain(user.email);
  });

  it('log the request id of a read in gateway and messages', async () => {
    const { headers } = await user.call('GET', '/messages/history/observed');
    const id = headers.get('x-request-id') ?? 'none';
    for (const service of ['gateway', 'messages'] as const) {
      const { process } = topology.instance(service);
      await until(`${service} logs the request id`, () => process.output.includes(id));
    }
  });

  it('log the loss of Redis once, and its recovery', async () => {
    const { process } = topology.instance('chat');
    await redis.process.kill();
    await until('health reports the outage', async () => {
      const { text } = await user.call('GET', '/health');
      return text.includes('unavailable');
    });
    await redis.process.start();
    const logged = (text: string) =>
      process.output
        .split('\n')
        .filter((line) => line.includes('"dependency":"Redis","connection":"chat"'))
        .filter((line) => line.includes(`"msg":"${text}"`));
    await until(
      'the recovery is logged',
      () => logged('dependency available again').length > 0,
      20_000,
    );
    expect(logged('dependency unavailable')).toHaveLength(1);
  });
});
