// An application of whichever Nest and BullMQ are installed beside this file, written without decorators so that Node runs it as it is:
// `node queues.mjs <esm|cjs> <Redis URL> <queue>`. Says `held` at its end.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const [, , format, url, queue] = process.argv;
const require = createRequire(import.meta.url);
const load = async (name) => (format === 'cjs' ? require(name) : await import(name));

await load('reflect-metadata');
const { Module } = await load('@nestjs/common');
const { NestFactory } = await load('@nestjs/core');
const { BullModule, getFlowProducerToken, getQueueToken, OnWorkerEvent, Processor, WorkerHost } =
  await load('@nestjs/bullmq');
const { FlowProducer, Job, Queue, Worker } = await load('bullmq');
const { InMemoryTenantRegistry, TenancyModule, TenantContext } = await load('@tenancy/core');
const { TenantBullModule } = await load('@tenancy/core/bullmq');
const { TenantQueueAdmin } = await load('@tenancy/core/admin');

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const both = [acme, globex];
const context = new TenantContext();
const as = (tenant, fn) => context.run(tenant, fn);
const tenantNow = () => (context.isActive() ? context.tenantId : 'none');
const told = [];

class Mails extends WorkerHost {
  async process(job) {
    await sleep(1);
    if (job.name === 'child') return { by: tenantNow() };
    if (job.name === 'bad') throw new Error('bounced');
    return { by: tenantNow(), id: job.id, opts: job.opts, children: await job.getChildrenValues() };
  }
  onActive(job) {
    told.push(`active ${job.id} ${job.data.of} ${tenantNow()}`);
  }
  onCompleted(job) {
    told.push(`completed ${job.id} ${job.data.of} ${tenantNow()}`);
  }
}
Processor(queue, { concurrency: 4 })(Mails);
OnWorkerEvent('active')(Mails.prototype, 'onActive', Object.getOwnPropertyDescriptor(Mails.prototype, 'onActive'));
OnWorkerEvent('completed')(
  Mails.prototype,
  'onCompleted',
  Object.getOwnPropertyDescriptor(Mails.prototype, 'onCompleted'),
);

const { hostname, port } = new URL(url);
const bull = { connection: { host: hostname, port: Number(port) }, prefix: 'tenancy-consumer', secret: 's'.repeat(32) };
// As a feature's file does that is imported before the root module: with BullModule's own classes.
const feature = BullModule.registerQueue(
  { name: queue },
  { name: `${queue}-files`, processors: [{ path: fileURLToPath(new URL('sandboxed.mjs', import.meta.url)) }] },
);
const sources = [{ name: 'none', identify: () => null }];
class AppModule {}
Module({
  imports: [
    feature,
    TenancyModule.forRoot({ registry: new InMemoryTenantRegistry(both), sources }),
    TenantBullModule.forRoot(bull),
    BullModule.registerFlowProducer({ name: 'flows' }),
  ],
  providers: [Mails],
})(AppModule);

const app = await as(globex, () =>
  NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }),
);
const mails = app.get(getQueueToken(queue), { strict: false });
const files = app.get(getQueueToken(`${queue}-files`), { strict: false });
const flows = app.get(getFlowProducerToken('flows'), { strict: false });
const admin = app.get(TenantQueueAdmin, { strict: false });

const finished = async (tenant, at, id) => {
  for (;;) {
    const job = await as(tenant, () => at.getJob(id));
    const state = job && (await as(tenant, () => job.getState()));
    if (state === 'completed' || state === 'failed') return await as(tenant, () => at.getJob(id));
    await sleep(5);
  }
};
const ofBoth = (fn) => Promise.all(both.map((tenant) => as(tenant, () => fn(tenant))));
const refused = (code) => (error) => error.code === code || assert.fail(error);

// Outside every tenant, and with a forged stamp.
await assert.rejects(() => mails.add('mail', {}), refused('tenant_context_missing'));
await assert.rejects(
  () => as(acme, () => mails.add('mail', {}, { tenancy: 'v1.dF9nbG9iZXg' })),
  refused('tenant_switch_refused'),
);
await assert.rejects(
  () => as(acme, () => mails.add('mail', {}, { repeat: { every: 1000 } })),
  refused('tenant_switch_refused'),
);

// Every way to make a job, with the same ids.
await ofBoth(({ id }) => mails.add('mail', { of: id }, { jobId: 'one' }));
const bulk = await ofBoth(({ id }) =>
  mails.addBulk([
    { name: 'mail', data: { of: id } },
    { name: 'mail', data: { of: id }, opts: { jobId: 'two' } },
  ]),
);
const trees = await ofBoth(({ id }) =>
  flows.add({
    name: 'parent',
    queueName: queue,
    data: { of: id },
    opts: { jobId: 'book' },
    children: [
      { name: 'child', queueName: queue, data: { of: id } },
      { name: 'child', queueName: queue, data: { of: id }, opts: { jobId: 'page' } },
    ],
  }),
);
const trees2 = await ofBoth(({ id }) => flows.addBulk([{ name: 'mail', queueName: queue, data: { of: id } }]));
const deduplicated = await ofBoth(({ id }) =>
  mails.add('mail', { of: id }, { deduplication: { id: 'monthly' }, delay: 60_000 }),
);
assert.notEqual(deduplicated[0].id, deduplicated[1].id);
assert.equal(deduplicated[0].deduplicationId, 'monthly');
await ofBoth(({ id }) => mails.upsertJobScheduler('nightly', { every: 200 }, { data: { of: id } }));
for (const [index, tenant] of both.entries()) {
  for (const id of ['one', 'two', bulk[index][0].id, trees2[index][0].job.id]) {
    const job = await finished(tenant, mails, id);
    assert.deepEqual([job.id, job.data.of, job.returnvalue.by, job.returnvalue.id], [id, tenant.id, tenant.id, id]);
    assert.ok(!JSON.stringify([job, job.returnvalue]).includes('v1.'), 'no stamp is seen');
  }
  const parent = await finished(tenant, mails, 'book');
  assert.deepEqual(
    Object.values(parent.returnvalue.children).map(({ by }) => by),
    [tenant.id, tenant.id],
  );
  assert.equal(Object.keys(parent.returnvalue.children).filter((key) => key.endsWith(':page')).length, 1);
  const tree = await as(tenant, () => flows.getFlow({ id: 'book', queueName: queue }));
  assert.deepEqual(
    tree.children.map(({ job }) => job.data.of),
    [tenant.id, tenant.id],
  );
  assert.equal(trees[index].job.id, 'book');
  // Another's parent is no parent.
  const other = both[1 - index];
  const below = { parent: { id: trees[index].children[0].job.id, queue: `tenancy-consumer:${queue}` } };
  await assert.rejects(() => as(other, () => mails.add('intruder', {}, below)), /Missing key for parent/);
  const scheduler = await as(tenant, () => mails.getJobScheduler('nightly'));
  assert.deepEqual([scheduler.key, scheduler.template.data.of], ['nightly', tenant.id]);
}

// What goes by an id is the tenant's own.
for (const id of [bulk[0][0].id, `${Buffer.from('t_acme').toString('base64url')}~one`]) {
  assert.equal(await as(globex, () => mails.getJob(id)), undefined);
  await as(globex, () => mails.remove(id));
  assert.ok(await as(acme, () => mails.getJob(id)));
}

// The scheduler's next runs keep their tenant; events are the job's.
while (
  both.some(
    ({ id }) =>
      told.filter((line) => line.startsWith('completed repeat:nightly:') && line.endsWith(`${id} ${id}`)).length < 3,
  )
)
  await sleep(20);
assert.deepEqual(
  told.filter((line) => line.split(' ').at(-1) !== line.split(' ').at(-2)),
  [],
);
await ofBoth(() => mails.removeJobScheduler('nightly'));

// Sandboxed files, in a queue that was registered before ours.
await ofBoth(() => files.add('mail', {}, { jobId: 'one' }));
for (const tenant of both) {
  const job = await finished(tenant, files, 'one');
  assert.deepEqual(
    [job.failedReason, job.returnvalue, job.progress],
    [undefined, { by: tenant.id, id: 'one', stamp: false }, 50],
  );
}

// A job that somebody has written.
const forged = await admin.acrossTenants({ reason: 'an attack' }, mails, (raw) =>
  raw.add('mail', {}, { attempts: 3, tenancy: 'v1.dF9hY21l' }),
);
const written = await admin.acrossTenants({ reason: 'a look' }, mails, async (raw) => {
  while ((await (await raw.getJob(forged.id)).getState()) !== 'failed') await sleep(5);
  return await raw.getJob(forged.id);
});
assert.deepEqual([written.failedReason, written.attemptsMade], ['tenant_required', 1]);

// Every member of every class is the tenant's own, harmless, or refused.
const job = await as(acme, () => mails.add('mail', { of: 't_acme' }, { delay: 60_000 }));
const allowed = JSON.parse(readFileSync(new URL('allowed-members.json', import.meta.url), 'utf8'));
const ends = [EventEmitter.prototype, Object.prototype];
const walls = { Queue: mails, Worker: app.get(Mails).worker, FlowProducer: flows, Job: job };
for (const cls of [Queue, Worker, FlowProducer, Job]) {
  for (let at = cls.prototype; !ends.includes(at); at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (allowed[cls.name].includes(name) || name === 'constructor' || name in EventEmitter.prototype) continue;
      const use = () => {
        const value = walls[cls.name][name];
        return typeof value === 'function' ? value.call(walls[cls.name], 'one') : value;
      };
      assert.throws(() => as(acme, use), refused('tenant_switch_refused'), `${cls.name}.${name}`);
    }
  }
}

await admin.acrossTenants({ reason: 'the end' }, mails, (raw) => raw.obliterate({ force: true }));
await admin.acrossTenants({ reason: 'the end' }, files, (raw) => raw.obliterate({ force: true }));
await app.close();
console.log('held');
