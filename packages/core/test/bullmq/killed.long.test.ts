import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BullModule, getFlowProducerToken } from '@nestjs/bullmq';
import type { FlowProducer } from 'bullmq';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TenantQueueAdmin } from '../../src/admin.js';
import { context, type Started, someQueue, start, until } from './application.js';
import { eachBackend, postgres } from './backends.js';

const KILLS = 20;
const JOBS = 1_000;
const tenants = Array.from({ length: 50 }, (_, n) => ({ id: `t_${n}`, slug: `tenant-${n}` }));
const secret = 's'.repeat(32);

eachBackend((backend) => {
  let app: Started;
  let folder: string;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenancy-kill-'));
  });
  afterEach(async () => {
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  it(`${JOBS} jobs of ${tenants.length} tenants, the worker killed ${KILLS} times: each runs as its own tenant, and none is lost`, async () => {
    const queue = someQueue();
    const log = join(folder, 'ran');
    await writeFile(log, '');
    app = await start(backend, {
      queue,
      tenants,
      imports: [BullModule.registerFlowProducer({ name: 'flows' })],
      bull: { secret },
    });
    const flows = app.module.get<FlowProducer>(getFlowProducerToken('flows'), { strict: false });
    const mails = app.queue();

    const made = tenants.map((tenant, at) =>
      context.run(tenant, async () => {
        const numbers = Array.from({ length: JOBS / tenants.length }, (_, n) => n * tenants.length + at);
        const data = (n: number) => ({ n, of: tenant.id });
        for (const n of numbers.slice(0, 4)) await mails.add('mail', data(n), { jobId: `mail-${n}` });
        for (const n of numbers.slice(4, 7))
          await mails.add('later', data(n), { delay: Math.round(2_000 * Math.random()) });
        for (const n of numbers.slice(7, 9)) await mails.add('flaky', data(n), { attempts: 3, backoff: 50 });
        for (const n of numbers.slice(9, 10)) await mails.add('chain', data(n), { jobId: `chain-${n}` });
        await mails.addBulk(numbers.slice(10, 17).map((n) => ({ name: 'bulk', data: data(n) })));
        const [parent, ...children] = numbers.slice(17) as [number, ...number[]];
        await flows.add({
          name: 'parent',
          queueName: queue,
          data: data(parent),
          children: children.map((n) => ({ name: 'child', queueName: queue, data: data(n) })),
        });
      }),
    );
    await Promise.all(made);

    const settings = { bull: { ...backend.options(), secret }, isPostgres: backend === postgres, queue, tenants, log };
    const begin = async () => {
      child = fork(join(import.meta.dirname, 'kill/worker.mjs'), [JSON.stringify(settings)], { execArgv: [] });
      await once(child, 'message');
    };
    for (let kill = 0; kill < KILLS; kill += 1) {
      await begin();
      await sleep(30 + Math.random() * 250);
      child?.kill('SIGKILL');
      if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    const counts = () =>
      app.module
        .get(TenantQueueAdmin, { strict: false })
        .acrossTenants({ reason: 'a look' }, mails, (raw) => raw.getJobCounts());
    // It was killed at work each time.
    expect((await counts())['completed']).toBeLessThan(JOBS);
    await begin();
    await until(async () => {
      const { completed, failed, ...open } = await counts();
      return Object.values(open).every((count) => count === 0);
    });

    const ran = (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(ran.filter(([, of, by]) => of !== by)).toEqual([]);
    const numbers = new Set(ran.filter(([, , , name]) => name !== 'link').map(([n]) => Number(n)));
    expect([...numbers].toSorted((a, b) => a - b)).toEqual(Array.from({ length: JOBS }, (_, n) => n));
    expect(new Set(ran.filter(([, , , name]) => name === 'link').map(([n]) => n)).size).toBe(tenants.length);
    expect(await counts()).toMatchObject({ failed: 0, completed: JOBS + tenants.length });
  });
});
