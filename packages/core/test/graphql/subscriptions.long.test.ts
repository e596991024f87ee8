import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acme, call, globex } from '../server.js';
import {
  CLOSED,
  Client,
  drivers,
  type Feed,
  feed,
  listening,
  listeningTo,
  raw,
  steps,
  tokenOf,
} from './application.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

const host = ({ slug }: { slug: string }) => `${slug}.localhost`;

describe.each(Object.keys(drivers) as (keyof typeof drivers)[])('subscriptions of %s', (driver) => {
  let server: Feed;
  const clients: Client[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await listeningTo(0);
    await server.close();
    steps.length = 0;
  });
  const start = async (...given: Parameters<typeof feed> extends [unknown, ...infer R] ? R : never) => {
    server = await feed(driver, ...given);
  };
  const connect = (at: string, headers: Record<string, string> = {}) => {
    const client = new Client(server, at, headers);
    clients.push(client);
    return client;
  };
  const publish = (by: typeof acme, id: string) =>
    call(server, host(by), '/graphql', { body: { query: `mutation { close(id: "${id}") }` } });
  const event = (by: typeof acme, id: string) => ({
    data: { closed: { id, by: by.id, row: `a row of ${by.slug} (${id})` } },
  });

  it('S6: interleaved, each tenant gets its own events of one topic, in its own context, and no other', async () => {
    await start();
    const tenants = Array.from({ length: 12 }, (_, i) => (i % 2 ? acme : globex));
    const opened = await Promise.all(tenants.map((tenant) => connect(host(tenant)).init()));
    for (const client of opened) client.subscribe(CLOSED);
    await listeningTo(12);
    await Promise.all([0, 1, 2].flatMap((n) => [publish(acme, `a${n}`), publish(globex, `g${n}`)]));
    for (const [i, client] of opened.entries()) {
      const own = tenants[i] as typeof acme;
      const got = await client.events(3);
      const of = (n: number) => event(own, `${own.slug[0]}${n}`);
      expect(got.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))).toEqual([of(0), of(1), of(2)]);
    }
    expect(steps.filter(({ as, of }) => as !== of)).toEqual([]);
    expect(new Set(steps.map(({ step }) => step))).toEqual(new Set(['filter', 'resolve', 'row']));
    // Nothing of the others' comes later, either.
    await publish(acme, 'hidden');
    for (const client of opened) expect(client.told.filter(({ type }) => type === 'next')).toHaveLength(3);
  });

  it('S6: an event of a raw topic is filtered, resolved and looked up as each subscriber, never as the publisher', async () => {
    await start();
    const [a, g] = await Promise.all([acme, globex].map((tenant) => connect(host(tenant)).init()));
    for (const client of [a, g]) client?.subscribe('subscription { anybodys { by row } }');
    await listeningTo(2);
    await raw.publish('anybodys', { id: '1', by: 'somebody' });
    expect(await a?.events(1)).toEqual([{ data: { anybodys: { by: 'somebody', row: 'a row of acme (1)' } } }]);
    expect(await g?.events(1)).toEqual([{ data: { anybodys: { by: 'somebody', row: 'a row of globex (1)' } } }]);
    for (const step of ['filter', 'resolve', 'row']) {
      expect(
        steps
          .filter((each) => each.step === step)
          .map(({ as }) => as)
          .toSorted(),
      ).toEqual(['t_acme', 't_globex']);
    }
  });

  it.each<[string, string, Record<string, string>, object | undefined, { code: number; reason: string }]>([
    ['no tenant', 'localhost', {}, undefined, { code: 4401, reason: 'tenant_required' }],
    ["nobody's host", 'nobody.localhost', {}, undefined, { code: 4401, reason: 'tenant_required' }],
    ['a suspended tenant', 'closed.localhost', {}, undefined, { code: 4403, reason: 'tenant_inactive' }],
    [
      'a forged token',
      'localhost',
      {},
      { authorization: `Bearer ${tokenOf('t_acme', 600, 'x'.repeat(40))}` },
      { code: 4401, reason: 'tenant_required' },
    ],
    [
      'an own token at a foreign host',
      'globex.localhost',
      {},
      { authorization: `Bearer ${tokenOf('t_acme')}` },
      { code: 4401, reason: 'tenant_mismatch' },
    ],
    [
      'a token in the header and another one beside it',
      'acme.localhost',
      { authorization: `Bearer ${tokenOf('t_acme')}` },
      { token: tokenOf('t_globex') },
      { code: 4401, reason: 'tenant_mismatch' },
    ],
    [
      'two tokens',
      'localhost',
      {},
      { token: tokenOf('t_acme'), headers: { Authorization: `Bearer ${tokenOf('t_globex')}` } },
      { code: 4401, reason: 'tenant_mismatch' },
    ],
    [
      'a page of another host',
      'acme.localhost',
      { origin: 'http://evil.example' },
      undefined,
      { code: 4401, reason: 'tenant_mismatch' },
    ],
  ])('S6: %s is refused at the handshake, with the code', async (_, at, headers, params, closed) => {
    await start();
    const client = await connect(at, headers).init(params);
    const told = () => client.told.filter(({ type }) => type === 'connection_ack' || type === 'next');
    expect(told()).toEqual([]);
    expect(await client.gone()).toEqual(closed);
    expect(told()).toEqual([]);
    expect(steps).toEqual([]);
  });

  it.each<[string, string, Record<string, string>, object | undefined]>([
    ['in the header', 'localhost', { authorization: `Bearer ${tokenOf('t_acme')}` }, undefined],
    ['as `authorization`', 'localhost', {}, { authorization: `Bearer ${tokenOf('t_acme')}` }],
    ['as `Authorization`', 'acme.localhost', {}, { Authorization: `Bearer ${tokenOf('t_acme')}` }],
    ['in `headers`', 'localhost', {}, { headers: { authorization: `Bearer ${tokenOf('t_acme')}` } }],
    ['as `token`', 'localhost', {}, { token: tokenOf('t_acme') }],
    ['nowhere, at its host', 'acme.localhost', { origin: 'http://acme.localhost:3000' }, { token: null }],
    ['nowhere, from a named page', 'acme.localhost', { origin: 'https://app.example.com' }, undefined],
  ])('a token %s lets in', async (_, at, headers, params) => {
    await start({ module: { origins: ['https://app.example.com'] } });
    const client = await connect(at, headers).init(params);
    client.subscribe(CLOSED);
    await listeningTo(1);
    await publish(globex, 'g');
    await publish(acme, 'a');
    expect(await client.events(1)).toEqual([event(acme, 'a')]);
  });

  it('S6: a tenant that is suspended while it is connected is closed with the code, and nobody else', async () => {
    await start();
    const [a, g] = (await Promise.all([acme, globex].map((tenant) => connect(host(tenant)).init()))) as [
      Client,
      Client,
    ];
    for (const client of [a, g]) client.subscribe(CLOSED);
    await listeningTo(2);
    server.registry.suspended.add('t_acme');
    expect(await a.gone()).toEqual({ code: 4403, reason: 'tenant_inactive' });
    await listeningTo(1);
    await publish(globex, 'g');
    expect(await g.events(1)).toEqual([event(globex, 'g')]);
  });

  it('S6: a socket is closed with the code when its token ends, and nobody else', async () => {
    await start();
    const short = await connect('acme.localhost').init({ token: tokenOf('t_acme', 2) });
    const long = await connect('acme.localhost').init({ token: tokenOf('t_acme') });
    for (const client of [short, long]) client.subscribe(CLOSED);
    await listeningTo(2);
    expect(await short.gone()).toEqual({ code: 4401, reason: 'tenant_required' });
    await publish(acme, 'a');
    expect(await long.events(1)).toEqual([event(acme, 'a')]);
  });

  it('S6: a token that has ended lets nobody in', async () => {
    await start();
    const client = await connect('localhost').init({ token: tokenOf('t_acme', -5) });
    expect(await client.gone()).toEqual({ code: 4401, reason: 'tenant_required' });
  });

  it('S6: an operation that fails or is unsubscribed leaves the others as they are, and nothing behind', async () => {
    await start();
    const client = await connect('acme.localhost').init();
    client.subscribe('subscription { failing { id } }', 'bad');
    client.subscribe('subscription { nothing }', 'worse');
    client.subscribe(CLOSED, 'good');
    client.subscribe(CLOSED, 'over');
    await listeningTo(2);
    client.send({ id: 'over', type: 'complete' });
    await listeningTo(1);
    await publish(acme, 'a');
    expect(await client.events(1, 'good')).toEqual([event(acme, 'a')]);
    expect(JSON.stringify(await client.events(1, 'bad'))).toContain('the subscription fails');
    expect(client.told.filter(({ id, type }) => id === 'over' && type === 'next')).toEqual([]);
    await client.end();
    await listeningTo(0);
    expect(listening()).toBe(0);
  });

  it('S6: nothing runs that is sent before the socket is acknowledged', async () => {
    await start();
    const early = await connect('acme.localhost').open();
    early.subscribe(CLOSED);
    await early.gone();
    const both = await connect('localhost').open();
    both.send({ type: 'connection_init', payload: { token: tokenOf('t_acme') } });
    both.subscribe('subscription { anybodys { by } }');
    await both.until(() => both.closed !== undefined || both.told.length > 0);
    await raw.publish('anybodys', { id: '1', by: 'somebody' });
    expect([...early.told, ...both.told].filter(({ type }) => type === 'next')).toEqual([]);
    expect(steps.filter(({ as }) => as !== 't_acme')).toEqual([]);
  });

  it('S6: a second connection_init is refused, and changes nothing on its way', async () => {
    await start();
    const client = await connect('localhost').init({ token: tokenOf('t_acme') });
    client.subscribe('subscription { anybodys { by row } }');
    await listeningTo(1);
    client.send({ type: 'connection_init', payload: { token: tokenOf('t_globex') } });
    await client.until(() => client.closed !== undefined || client.told.length > 1);
    expect(client.closed?.code).toBe(4429);
    expect(steps.filter(({ as }) => as === 't_globex')).toEqual([]);
  });
});
