import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TenantQueueAdmin } from '../../src/admin.js';
import { makeStamp } from '../../src/stamp/stamp.js';
import { acme, as, finished, globex, type Started, someQueue, start, tenantNow, until } from './application.js';
import { eachBackend } from './backends.js';

const secret = 's'.repeat(32);

eachBackend((backend) => {
  let app: Started;
  let name: string;
  let ran: string[];

  beforeEach(async () => {
    name = someQueue();
    ran = [];
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    @Processor(name, { concurrency: 4 })
    class Mails extends WorkerHost {
      async process(job: Job): Promise<string> {
        ran.push(`${job.name} ${tenantNow()}`);
        return tenantNow();
      }
    }
    app = await start(backend, { queue: name, providers: [Mails], bull: { secret } });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await app.close();
  });

  /** Writes a job with somebody's stamp, as whoever can reach the datastore does, and tells how it ended. */
  const written = (tenancy: string, opts: object) =>
    app.module
      .get(TenantQueueAdmin, { strict: false })
      .acrossTenants({ reason: 'an attack' }, app.queue(), async (raw) => {
        const { id } = await raw.add('written', {}, { tenancy, ...opts } as object);
        const read = async () => await raw.getJob(id as string);
        await until(async () => ['failed', 'completed'].includes((await (await read())?.getState()) ?? ''));
        return (await read())?.failedReason ?? 'ran';
      });

  const stampOf = (id: string) =>
    app.module
      .get(TenantQueueAdmin, { strict: false })
      .acrossTenants(
        { reason: 'a thief' },
        app.queue(),
        async (raw) => (await raw.getJob(id))?.opts as { tenancy: string },
      );

  it('Q11: a job that somebody has written for a tenant does not run, whatever stamp it bears', async () => {
    const own = await as(acme, () => app.queue().add('own', {}));
    await finished(acme, app.queue(), own.id as string);
    const { tenancy } = await stampOf(own.id as string);
    const at = { place: `bullmq:${name}`, id: 'x-1' };
    const [named, , seconds, signature] = [...tenancy.split('.').slice(0, 2), ...tenancy.split('.').slice(2)];
    const globexId = Buffer.from('t_globex').toString('base64url');
    const forged: readonly [string, string, string][] = [
      ['not signed', makeStamp('t_acme', at, []), 'x-1'],
      ['signed by another secret', makeStamp('t_acme', at, ['o'.repeat(32)]), 'x-1'],
      ['of another job', tenancy, 'x-1'],
      ['of another queue', makeStamp('t_acme', { place: 'bullmq:other', id: 'x-1' }, [secret]), 'x-1'],
      ['of another tenant', `${named}.${globexId}.${seconds}.${signature}`, 'x-1'],
      ['of another transport', makeStamp('t_acme', { place: name, id: 'x-1' }, [secret]), 'x-1'],
      ['of a scheduler', makeStamp('t_acme', { ...at, id: 'scheduler:x-1' }, [secret]), 'x-1'],
    ];
    for (const [index, [what, stamp, id]] of forged.entries()) {
      const jobId = `${id}-${index}`;
      expect([what, await written(stamp.replaceAll('x-1', id), { jobId })]).toEqual([what, 'tenant_required']);
    }
    expect(ran).toEqual(['own t_acme']);
    expect(await written(makeStamp('t_globex', { ...at, id: 'good' }, [secret]), { jobId: 'good' })).toBe('ran');
    expect(ran).toEqual(['own t_acme', 'written t_globex']);
  });

  it("Q11: nor does another's job show itself to a tenant by a stamp that is not signed", async () => {
    const stored = `${Buffer.from('t_acme').toString('base64url')}~planted`;
    expect(await written(makeStamp('t_acme', { place: `bullmq:${name}`, id: stored }, []), { jobId: stored })).toBe(
      'tenant_required',
    );
    expect(await as(acme, () => app.queue().getJob('planted'))).toBeUndefined();
    expect(await as(globex, () => app.queue().getJob('planted'))).toBeUndefined();
  });

  it('signs a job that is made anew by deduplication with keepLastIfActive', async () => {
    const opts = { deduplication: { id: 'sync', keepLastIfActive: true } };
    await Promise.all(
      [acme, globex].map((tenant) =>
        as(tenant, async () => {
          for (let n = 0; n < 5; n += 1) await app.queue().add('sync', { n }, opts);
        }),
      ),
    );
    await until(() => ran.includes('sync t_acme') && ran.includes('sync t_globex'));
    await app.module
      .get(TenantQueueAdmin, { strict: false })
      .acrossTenants({ reason: 'a look' }, app.queue(), async (raw) => {
        await until(async () => (await raw.count()) + (await raw.getActiveCount()) === 0);
        expect(await raw.getFailedCount()).toBe(0);
      });
    expect(new Set(ran)).toEqual(new Set(['sync t_acme', 'sync t_globex']));
  });
});
