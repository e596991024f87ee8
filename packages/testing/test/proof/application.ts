import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Delete,
  Get,
  Inject,
  Module,
  NotFoundException,
  Param,
  Patch,
  Post,
  Res,
  type Type,
} from '@nestjs/common';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext, Untenanted } from '@tenancy/core';
import { createIsolationHarness, type IsolationHarness, type IsolationHarnessOptions } from '../../src/index.js';

export const acme = { id: 't_acme', slug: 'acme' };
export const globex = { id: 't_globex', slug: 'globex' };

// A type, as an interface is no row.
type Job = { readonly id: string; readonly tenantId: string; title: string };

/** The database. */
export const table: Job[] = [];

/** The same routes as `Leaky` has them: it finds everybody's jobs. */
export class Jobs {
  constructor(protected readonly context: TenantContext) {}

  all(): Job[] {
    return table.filter(({ tenantId }) => tenantId === this.context.tenantId);
  }
}
export class Leaky extends Jobs {
  override all(): Job[] {
    this.context.current();
    return table;
  }
}

/** `Jobs`, for a module. */
export const jobsProvider = {
  provide: Jobs,
  inject: [TenantContext],
  useFactory: (context: TenantContext) => new Jobs(context),
};

/** The tenants of a module, by their hosts. */
export const tenancy = () =>
  TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry([acme, globex]),
    sources: [fromSubdomain({ baseDomain: 'localhost' })],
  });

/** A job for each tenant, in an empty table. */
export function withJobs() {
  table.length = 0;
  return {
    tenants: { acme, globex },
    seed: ({ id: tenantId }, { canary }) => {
      const job = { id: randomUUID(), tenantId, title: canary('title') };
      table.push(job);
      return { job };
    },
    rows: async ({ id }) => ({ job: structuredClone(table.filter(({ tenantId }) => tenantId === id)) }),
  } satisfies IsolationHarnessOptions;
}

@Controller()
class JobsController {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  @Get('jobs')
  list() {
    return this.jobs.all();
  }

  @Get('jobs/count')
  count() {
    return { count: this.jobs.all().length };
  }

  @Get('jobs/:id')
  find(@Param('id') id: string) {
    const job = this.jobs.all().find((each) => each.id === id);
    if (!job) throw new NotFoundException();
    return job;
  }

  @Post('jobs')
  create(@Body() { title }: { title: string }) {
    const [{ tenantId }] = this.jobs.all() as [Job];
    const job = { id: randomUUID(), tenantId, title };
    table.push(job);
    return job;
  }

  @Patch('jobs/:id')
  change(@Param('id') id: string, @Body() { title }: { title: string }) {
    const job = this.find(id);
    job.title = title;
    return { changed: true };
  }

  @Delete('jobs/:id')
  remove(@Param('id') id: string) {
    table.splice(table.indexOf(this.find(id)), 1);
  }

  @Untenanted()
  @Get('health')
  health() {
    return { ok: true };
  }
}

/** Routes that read, and tell or do more than they should. */
@Controller()
export class SlyController {
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

  @Get('jobs/:id/exists')
  exists(@Param('id') id: string) {
    this.context.current();
    return { exists: table.some((job) => job.id === id), of: this.context.tenantId };
  }

  /** Tells by a header, beside a body that is another each time. */
  @Get('jobs/:id/hint')
  hint(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: { setHeader(name: string, value: string): void },
  ) {
    if (table.some((job) => job.id === id)) response.setHeader('x-kind', 'job');
    return { of: this.context.tenantId, serial: randomUUID() };
  }

  /** As a token that says when it was issued. */
  @Get('token')
  token() {
    return { of: this.context.tenantId, token: Buffer.from(String(Math.floor(Date.now() / 1000))).toString('hex') };
  }

  @Get('jobs/:id/seen')
  seen(@Param('id') id: string) {
    this.context.current();
    const job = table.find((each) => each.id === id);
    if (job) job.title = `${job.title} (seen)`;
    return { of: this.context.tenantId };
  }
}

/** The application over an empty table. */
export function start(
  JobsClass: typeof Jobs,
  more: Partial<IsolationHarnessOptions> = {},
  controllers: readonly Type<unknown>[] = [JobsController],
): Promise<IsolationHarness> {
  table.length = 0;
  @Module({
    imports: [
      TenancyModule.forRoot({
        registry: new InMemoryTenantRegistry(Object.values(more.tenants ?? { acme, globex })),
        sources: [fromSubdomain({ baseDomain: 'localhost' })],
      }),
    ],
    controllers: [...controllers],
    providers: [
      { provide: Jobs, inject: [TenantContext], useFactory: (context: TenantContext) => new JobsClass(context) },
    ],
  })
  class AppModule {}
  return createIsolationHarness(AppModule, {
    tenants: { acme, globex },
    seed: ({ id: tenantId }, { canary }) => {
      const job = { id: randomUUID(), tenantId, title: canary('title') };
      table.push(job);
      return { job };
    },
    rows: async ({ id }) => ({ job: structuredClone(table.filter(({ tenantId }) => tenantId === id)) }),
    ...more,
  });
}

export const examples = {
  'POST /jobs': (_rows: unknown, { canary }: { canary(name: string): string }) => ({
    body: { title: canary('title') },
  }),
  'PATCH /jobs/:id': (_rows: unknown, { canary }: { canary(name: string): string }) => ({
    body: { title: canary('title') },
  }),
};
