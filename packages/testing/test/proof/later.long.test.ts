import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Get, Inject, Injectable, Module, Param, Post, type Type } from '@nestjs/common';
import { TenantBullModule } from '@tenancy/core/bullmq';
import { TenantCache, TenantCacheModule } from '@tenancy/core/cache';
import { TenantCron, TenantScheduleModule } from '@tenancy/core/schedule';
import { createPostgresBackend, type Job, type Queue, setDefaultBackendFactory } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createIsolationHarness,
  type IsolationHarnessOptions,
  type IsolationReport,
  type ProofOptions,
  proveIsolation,
} from '../../src/index.js';
import { createDatabase, type PostgresServer, postgresFromEnvironment } from '../../src/postgres.js';
import { Jobs, jobsProvider, table, tenancy, withJobs } from './application.js';
import { found, verdicts } from './told.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await postgresFromEnvironment();
  setDefaultBackendFactory(createPostgresBackend);
});
afterAll(async () => {
  setDefaultBackendFactory();
  await server.stop();
});

interface Data {
  readonly jobId: string;
  readonly tenantId?: string;
}

/** The work of a processor and a clock with rows, right or wrong. */
interface Work {
  process(jobs: Jobs, data: Data): unknown;
  nightly?(jobs: Jobs): void;
  summary?(jobs: Jobs, cache: TenantCache): unknown;
}

function publish(job: (typeof table)[number] | undefined) {
  if (!job) throw new Error('There is no such job.');
  job.title = `${job.title} (published)`;
  return { title: job.title };
}

const right: Work = {
  process: (jobs, { jobId }) => publish(jobs.all().find(({ id }) => id === jobId)),
  nightly: (jobs) => {
    for (const job of jobs.all()) job.title = `${job.title} (seen)`;
  },
  summary: (_jobs, cache) => cache.shared('rates').wrap('EUR', async () => ({ rate: 1.07 })),
};

/** An application with a queue, a clock and a cache, none of which has an example. */
async function prove(work: Work, options: ProofOptions & { bull?: object } = {}): Promise<IsolationReport> {
  const database = await createDatabase(server.url);
  const { bull, ...proof } = options;

  @Processor('publishing')
  class Publishing extends WorkerHost {
    constructor(@Inject(Jobs) private readonly jobs: Jobs) {
      super();
    }
    async process(job: Job<Data>) {
      return work.process(this.jobs, job.data);
    }
  }

  @Injectable()
  class Reports {
    constructor(@Inject(Jobs) private readonly jobs: Jobs) {}
    @TenantCron('0 0 1 1 *', { lock: false })
    async nightly() {
      work.nightly?.(this.jobs);
    }
  }

  @Controller()
  class JobsController {
    constructor(
      @Inject(Jobs) private readonly jobs: Jobs,
      @Inject(TenantCache) private readonly cache: TenantCache,
      @InjectQueue('publishing') private readonly queue: Queue,
    ) {}
    @Get('jobs')
    list() {
      return this.jobs.all();
    }
    @Get('summary')
    async summary() {
      return [await work.summary?.(this.jobs, this.cache), this.jobs.all()];
    }
    @Post('jobs/:id/publish')
    async publish(@Param('id') id: string) {
      if (!this.jobs.all().some((job) => job.id === id)) return {};
      await this.queue.add('publish', { jobId: id });
      return { title: this.jobs.all().find((job) => job.id === id)?.title };
    }
  }

  const providers: Type<unknown>[] = [Publishing, ...(work.nightly ? [Reports] : [])];
  @Module({
    imports: [
      tenancy(),
      TenantBullModule.forRoot({
        connection: { connectionString: database.url, migrate: true, max: 3 } as never,
        ...bull,
      }),
      BullModule.registerQueue({ name: 'publishing' }),
      TenantScheduleModule.forRoot(),
      TenantCacheModule.register(),
    ],
    controllers: [JobsController],
    providers: [jobsProvider, ...providers],
  })
  class AppModule {}
  const harness: IsolationHarnessOptions = {
    ...withJobs(),
  };
  const app = await createIsolationHarness(AppModule, harness);
  try {
    return await proveIsolation(app, { exempt: { 'GET /jobs': { worlds: 'not the subject' } }, ...proof });
  } finally {
    await app.close();
    await database.stop();
  }
}

const QUEUE = 'queue Publishing.process';
const CLOCK = 'cron Reports.nightly';
const stamps = ({ entrances }: IsolationReport, id: string) =>
  entrances.find(({ entrance }) => entrance.id === id)?.attacks.find(({ attack }) => attack === 'stamps');

describe('what runs later is called by the proof itself', () => {
  it('a queue, a clock and a cache that are right are proven, without an example', async () => {
    const report = await prove(right);
    expect(verdicts(report)).toEqual({
      'GET /jobs': 'proven',
      'GET /summary': 'proven',
      'POST /jobs/:id/publish': 'proven',
      [QUEUE]: 'proven',
      [CLOCK]: 'proven',
    });
    expect(stamps(report, QUEUE)).toMatchObject({ verdict: 'proven', why: expect.stringContaining('without a stamp') });
    expect(stamps(report, CLOCK)).toMatchObject({ verdict: 'proven', why: expect.stringContaining('suspended') });
    expect(stamps(report, 'GET /jobs')?.verdict).toBe('not applicable');
  });

  it('a queue whose stamps are signed is proven as well', async () => {
    const report = await prove(right, { bull: { secret: 's'.repeat(32) }, only: ['POST /jobs/:id/publish', QUEUE] });
    expect(verdicts(report)[QUEUE]).toBe('proven');
  });

  it('a processor that finds rows of everybody by the ids in its data is caught', async () => {
    const report = await prove({ ...right, process: (_, { jobId }) => publish(table.find(({ id }) => id === jobId)) });
    expect(found(report, QUEUE).join('\n')).toMatch(/foreign-id: .*With the other's value for body\.jobId/);
    expect(verdicts(report)[CLOCK]).toBe('proven');
  });

  it('a processor that takes the tenant from its data is caught', async () => {
    const report = await prove({
      ...right,
      process: (jobs, { jobId, tenantId }) =>
        publish(
          tenantId === undefined
            ? jobs.all().find(({ id }) => id === jobId)
            : table.find((job) => job.tenantId === tenantId),
        ),
    });
    expect(found(report, QUEUE).join('\n')).toMatch(/tenant-field/);
  });

  it('a clock that touches rows of everybody is caught', async () => {
    const report = await prove({
      ...right,
      nightly: () => {
        for (const job of table) job.title = `${job.title} (seen)`;
      },
    });
    expect(found(report, CLOCK).join('\n')).toMatch(/own: .*a row of another tenant was changed/);
  });

  it('a processor and a clock that write a count of everybody into own rows are caught', async () => {
    const report = await prove({
      ...right,
      process: (jobs, { jobId }) => {
        const job = jobs.all().find(({ id }) => id === jobId);
        if (!job) throw new Error('There is no such job.');
        job.title = `${job.title.split(' ')[0]} (one of ${table.length})`;
        return { done: true };
      },
      nightly: (jobs) => {
        for (const job of jobs.all()) job.title = `${job.title.split(' ')[0]} (one of ${table.length})`;
      },
    });
    expect(found(report, QUEUE).join('\n')).toMatch(/interference: /);
    expect(found(report, CLOCK).join('\n')).toMatch(/interference: /);
  });

  it('a processor and a clock that write a count of own rows are not', async () => {
    const report = await prove({
      ...right,
      process: (jobs, { jobId }) => {
        const job = jobs.all().find(({ id }) => id === jobId);
        if (!job) throw new Error('There is no such job.');
        job.title = `${job.title.split(' ')[0]} (one of ${jobs.all().length})`;
        return { done: true };
      },
      nightly: (jobs) => {
        for (const job of jobs.all()) job.title = `${job.title.split(' ')[0]} (one of ${jobs.all().length})`;
      },
    });
    expect(verdicts(report)).toMatchObject({ [QUEUE]: 'proven', [CLOCK]: 'proven' });
  });

  it("a tenant's rows in a shared cache are caught, also where nobody has read them yet", async () => {
    const report = await prove({
      ...right,
      summary: async (jobs, cache) => {
        const own = jobs.all();
        await cache.shared('summaries').set(`summary of ${own[0]?.id}`, own);
        return own.length;
      },
    });
    expect(found(report, 'GET /summary').join('\n')).toMatch(/own: .*seen at .*shared cache/);
  });

  it('a queue that nobody has added to is unproven, and the message is the example to write', async () => {
    const report = await prove(right, { only: [QUEUE] });
    const why = report.entrances.find(({ entrance }) => entrance.id === QUEUE)?.why;
    expect(why).toContain("{ 'queue Publishing.process': (rows) => ({ path: { name: '…' }, body: { … } }) }");
  });

  it('an example says what the job is', async () => {
    const report = await prove(right, {
      only: [QUEUE],
      examples: { [QUEUE]: (rows) => ({ path: { name: 'publish' }, body: { jobId: rows['job'].id } }) },
    });
    expect(verdicts(report)[QUEUE]).toBe('proven');
  });
});
