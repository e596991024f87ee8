import { EventEmitter } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import DataLoader from 'dataloader';
import { describe, expect, it } from 'vitest';
import { TenantContext } from '../src/index.js';
import { acme, globex } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const as = context.run.bind(context);

describe("C6: what one tenant's work creates and another's uses", () => {
  it("an event emitter calls its listeners as whoever emits; a bound listener stays its own tenant's", () => {
    const emitter = new EventEmitter();
    const calls: string[] = [];
    as(acme, () => emitter.on('job', () => calls.push(`plain ${seen()}`)));
    as(acme, () =>
      emitter.on(
        'job',
        context.bind(() => calls.push(`bound ${seen()}`)),
      ),
    );
    as(globex, () => emitter.emit('job'));
    expect(calls).toEqual(['plain t_globex', 'bound t_acme']);
  });

  it('a connection opened by one carries that one into its events; a bound listener does not take part in that', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const socket = as(acme, () => connect((server.address() as AddressInfo).port, '127.0.0.1'));
    const failed = as(
      globex,
      () =>
        new Promise<string>((resolve) =>
          socket.once(
            'error',
            context.bind(() => resolve(seen())),
          ),
        ),
    );
    as(acme, () => socket.destroy(new Error('reset')));
    expect(await failed).toBe('t_globex');
    server.close();
  });

  it('a timer runs as whoever started it; what it calls for others is bound by them', async () => {
    const queue: (() => string)[] = [];
    const results: string[] = [];
    const worker = as(acme, () =>
      setInterval(() => {
        for (const job of queue.splice(0)) results.push(`${job()} in ${seen()}`);
      }, 1),
    );
    as(globex, () => queue.push(context.bind(seen)));
    while (results.length === 0) await sleep(1);
    clearInterval(worker);
    expect(results).toEqual(['t_globex in t_acme']);
  });

  it('a memoised promise runs as whoever asked first, and gives each who awaits it back its own tenant', async () => {
    let memo: Promise<string> | undefined;
    const load = () => (memo ??= sleep(2).then(seen));
    const ask = (tenant: typeof acme) => as(tenant, async () => `${await load()} for ${seen()}`);
    expect(await Promise.all([ask(acme), ask(globex)])).toEqual(['t_acme for t_acme', 't_acme for t_globex']);
  });

  it('a DataLoader for everyone batches several tenants into one call; one for each tenant does not', async () => {
    const batches: string[] = [];
    const loader = () =>
      new DataLoader<string, string>(async (keys) => {
        batches.push(`${seen()}: ${keys.join()}`);
        await sleep(1);
        return keys.map((key) => `${key} of ${seen()}`);
      });

    const everyones = loader();
    const shared = await Promise.all([as(acme, () => everyones.load('a')), as(globex, () => everyones.load('b'))]);
    expect([batches.splice(0), shared[1]]).toEqual([['t_acme: a,b'], 'b of t_acme']);

    const loaders = new Map<string, DataLoader<string, string>>();
    const own = () => loaders.get(context.tenantId) ?? loaders.set(context.tenantId, loader()).get(context.tenantId);
    const load = (tenant: typeof acme, key: string) => as(tenant, async () => own()?.load(key));
    expect(await Promise.all([load(acme, 'a'), load(globex, 'b'), load(acme, 'c')])).toEqual([
      'a of t_acme',
      'b of t_globex',
      'c of t_acme',
    ]);
    expect(batches).toEqual(['t_acme: a,c', 't_globex: b']);
  });
});
