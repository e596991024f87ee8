import { Controller, Get, Inject, Injectable, Module, NotFoundException, Param, Post } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { expect, it } from 'vitest';
import { createIsolationHarness, type ProofOptions, proveIsolation } from '../../src/index.js';
import { Jobs, jobsProvider, table, tenancy, withJobs } from './application.js';
import { found, verdicts } from './told.js';

const LISTENER = 'event Letters.published';

interface Published {
  readonly jobId: string;
}

/** An application that emits an event, and listens to it. */
async function prove(listen: (jobs: Jobs, event: Published) => unknown, options: ProofOptions = {}, isEmitted = true) {
  @Injectable()
  class Letters {
    constructor(@Inject(Jobs) private readonly jobs: Jobs) {}
    @OnEvent('job.published')
    async published(event: Published) {
      return listen(this.jobs, event);
    }
    @OnEvent('job.*', { async: true })
    counted() {
      return { counted: true };
    }
  }

  @Controller('jobs')
  class JobsController {
    constructor(
      @Inject(Jobs) private readonly jobs: Jobs,
      @Inject(EventEmitter2) private readonly events: EventEmitter2,
    ) {}
    @Get()
    list() {
      return this.jobs.all();
    }
    @Post(':id/publish')
    publish(@Param('id') id: string) {
      const job = this.jobs.all().find((each) => each.id === id);
      if (!job) throw new NotFoundException();
      if (isEmitted) this.events.emit('job.published', { jobId: id });
      return job;
    }
  }

  @Module({
    imports: [tenancy(), EventEmitterModule.forRoot({ wildcard: true })],
    controllers: [JobsController],
    providers: [jobsProvider, Letters],
  })
  class AppModule {}
  const app = await createIsolationHarness(AppModule, {
    ...withJobs(),
  });
  try {
    return await proveIsolation(app, { only: ['POST /jobs/:id/publish', LISTENER], ...options });
  } finally {
    await app.close();
  }
}

const write = (job: (typeof table)[number] | undefined) => {
  if (!job) throw new Error('There is no such job.');
  job.title = `${job.title} (published)`;
  return { title: job.title };
};
const right = (jobs: Jobs, { jobId }: Published) => write(jobs.all().find(({ id }) => id === jobId));

it('a listener that is right is proven, with an event as the application emits it', async () => {
  expect(verdicts(await prove(right))[LISTENER]).toBe('proven');
});

it('a listener that finds rows of everybody by the ids in its event is caught', async () => {
  const report = await prove((_, { jobId }) => write(table.find(({ id }) => id === jobId)));
  expect(found(report, LISTENER).join('\n')).toMatch(/foreign-id: .*With the other's value for body/);
});

it('a listener that writes to everybody is caught, and says so without a tenant, too', async () => {
  const report = await prove(() => {
    for (const job of table) job.title = `${job.title} (seen)`;
    return { done: true };
  });
  expect(found(report, LISTENER).join('\n')).toMatch(/own: .*a row of another tenant was changed/);
  expect(found(report, LISTENER).join('\n')).toMatch(/no-tenant: /);
});

it('a listener that nobody emits to takes an example, and says which', async () => {
  const report = await prove(right, { only: [LISTENER] }, false);
  const why = report.entrances.find(({ entrance }) => entrance.id === LISTENER)?.why;
  expect(why).toContain(`Give an example: { '${LISTENER}': (rows) => ({ body: { … } }) }`);
  const examples = { [LISTENER]: (rows: { job: { id: string } }) => ({ body: { jobId: rows.job.id } }) };
  expect(verdicts(await prove(right, { only: [LISTENER], examples: examples as never }, false))[LISTENER]).toBe(
    'proven',
  );
});
