import { Controller, Get, Inject, Module, NotFoundException, Param, Post, Sse } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { filter, map, Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { createIsolationHarness, proveIsolation } from '../../src/index.js';
import { Jobs, jobsProvider, type table, tenancy, withJobs } from './application.js';
import { found, verdicts } from './told.js';

const STREAM = 'GET /jobs/changes';

/** An application that streams the jobs that are closed: those of the tenant, or everybody's. */
async function prove(isRight: boolean) {
  const closed = new Subject<(typeof table)[number]>();

  @Controller('jobs')
  class JobsController {
    constructor(
      @Inject(Jobs) private readonly jobs: Jobs,
      @Inject(TenantContext) private readonly context: TenantContext,
    ) {}
    @Sse('changes')
    changes() {
      const { tenantId } = this.context;
      return closed.pipe(
        filter((job) => !isRight || job.tenantId === tenantId),
        map(({ title }) => ({ data: { title } })),
      );
    }
    @Get()
    list() {
      return this.jobs.all();
    }
    @Post(':id/close')
    close(@Param('id') id: string) {
      const job = this.jobs.all().find((each) => each.id === id);
      if (!job) throw new NotFoundException();
      closed.next(job);
      return job;
    }
  }

  @Module({
    imports: [tenancy()],
    controllers: [JobsController],
    providers: [jobsProvider],
  })
  class AppModule {}
  const harness = await createIsolationHarness(AppModule, {
    ...withJobs(),
  });
  try {
    return await proveIsolation(harness, {
      only: [STREAM],
      exempt: { [STREAM]: { worlds: 'not the subject' } },
      examples: {
        [STREAM]: (rows) => ({
          meanwhile: async (client) => {
            // Until the stream is listened to.
            await new Promise((resolve) => setTimeout(resolve, 40));
            await client.post(`/jobs/${rows['job'].id}/close`, {});
          },
        }),
      },
    });
  } finally {
    await harness.close();
  }
}

it("a stream of the tenant's own events is proven", async () => {
  expect(verdicts(await prove(true))[STREAM]).toBe('proven');
});

it("a stream of everybody's events is caught", async () => {
  expect(found(await prove(false), STREAM).join('\n')).toMatch(/overheard: While the other worked, .* was seen/);
});
