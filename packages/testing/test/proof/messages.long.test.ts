import { connect } from 'node:net';
import { Controller, Get, type INestApplication, Inject, Module, NotFoundException, Param, Post } from '@nestjs/common';
import {
  type ClientProxy,
  ClientsModule,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { Untenanted } from '@tenancy/core';
import { TenantMicroservicesModule } from '@tenancy/core/microservices';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createIsolationHarness, type ProofOptions, proveIsolation } from '../../src/index.js';
import { Jobs, jobsProvider, table, tenancy, withJobs } from './application.js';
import { found, verdicts } from './told.js';

const MESSAGE = 'message ScreeningController.screen';
const EVENT = 'event ScreeningController.published';
const secret = 'm'.repeat(32);

interface Asked {
  readonly jobId: string;
}

/** The work of handlers, right or wrong. */
interface Work {
  screen(jobs: Jobs, asked: Asked): unknown;
  published(jobs: Jobs, asked: Asked): void;
}

const one = (job: (typeof table)[number] | undefined) => {
  if (!job) throw new NotFoundException('There is no such job.');
  return job;
};
const right: Work = {
  screen: (jobs, { jobId }) => ({ title: one(jobs.all().find(({ id }) => id === jobId)).title }),
  published: (jobs, { jobId }) => {
    const job = one(jobs.all().find(({ id }) => id === jobId));
    job.title = `${job.title.split(' ')[0]} (published)`;
  },
};

/** A hybrid application, which sends messages to itself. */
async function prove(
  server: MicroserviceOptions,
  work: Work,
  options: ProofOptions = {},
  { isUntenanted = false, isSigned = true } = {},
) {
  const screening = isUntenanted ? Untenanted() : () => {};

  @Controller()
  class ScreeningController {
    constructor(@Inject(Jobs) private readonly jobs: Jobs) {}
    @screening
    @MessagePattern('screen')
    screen(asked: Asked) {
      return work.screen(this.jobs, asked);
    }
    @EventPattern({ of: 'job', is: 'published' })
    published(asked: Asked) {
      work.published(this.jobs, asked);
    }
  }

  @Controller('jobs')
  class JobsController {
    constructor(
      @Inject(Jobs) private readonly jobs: Jobs,
      @Inject('SCREENING') private readonly client: ClientProxy,
    ) {}
    @Get()
    list() {
      return this.jobs.all();
    }
    @Post(':id/publish')
    async publish(@Param('id') id: string) {
      const job = one(this.jobs.all().find((each) => each.id === id));
      const answer = await lastValueFrom(this.client.send<object>('screen', { jobId: id }));
      await lastValueFrom(this.client.emit({ of: 'job', is: 'published' }, { jobId: id }), { defaultValue: null });
      return { ...job, ...answer };
    }
  }

  @Module({
    imports: [
      tenancy(),
      TenantMicroservicesModule.forRoot(isSigned ? { secret } : {}),
      ClientsModule.register([{ name: 'SCREENING', ...(server as { transport: Transport.TCP }) }]),
    ],
    controllers: [ScreeningController, JobsController],
    providers: [jobsProvider],
  })
  class AppModule {}
  const harness = await createIsolationHarness(AppModule, {
    configure: async (app: INestApplication) => {
      app.connectMicroservice(server);
      await app.startAllMicroservices();
    },
    ...withJobs(),
  });
  try {
    return await proveIsolation(harness, {
      only: ['POST /jobs/:id/publish', MESSAGE, EVENT],
      // The server has one port.
      exempt: { 'POST /jobs/:id/publish': { worlds: 'not the subject' } },
      ...options,
    });
  } finally {
    await harness.close();
  }
}

const isThere = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true) ?? socket.destroy());
    socket.once('error', () => resolve(false));
  });

let port = 24_000 + (process.pid % 500) * 10;
const tcp = (): MicroserviceOptions => ({
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: (port += 1) },
});
const nats = (): MicroserviceOptions => ({
  transport: Transport.NATS,
  options: { servers: ['nats://127.0.0.1:4222'], queue: `proof-${process.pid}` },
});

describe.each([
  ['TCP', tcp, true],
  ['NATS (nats-server)', nats, await isThere(4222)],
] as const)('messages over %s', (_, server, isRunning) => {
  it.skipIf(!isRunning)('that are right are proven, as the application sends them itself', async () => {
    expect(verdicts(await prove(server(), right))).toMatchObject({
      'POST /jobs/:id/publish': 'proven',
      [MESSAGE]: 'proven',
      [EVENT]: 'proven',
    });
  });

  it.skipIf(!isRunning)('that find rows of everybody by the ids in them are caught', async () => {
    const report = await prove(server(), {
      screen: (_, { jobId }) => one(table.find(({ id }) => id === jobId)),
      published: (_, { jobId }) => {
        one(table.find(({ id }) => id === jobId)).title += '!';
      },
    });
    for (const id of [MESSAGE, EVENT]) expect(found(report, id).join('\n')).toMatch(/foreign-id: .*body\.jobId/);
  });
});

it('a handler that takes its tenant from nowhere is caught', async () => {
  const all = { ...right, screen: () => table.map(({ title }) => title) };
  const report = await prove(tcp(), all, { only: [MESSAGE, 'POST /jobs/:id/publish'] }, { isUntenanted: true });
  expect(found(report, MESSAGE).join('\n')).toMatch(/own: .*was seen/);
});

it('handlers of an application whose stamps are not signed are proven as well', async () => {
  expect(verdicts(await prove(tcp(), right, {}, { isSigned: false }))[MESSAGE]).toBe('proven');
});

it('a handler that nobody sends to says which example to write', async () => {
  const report = await prove(tcp(), right, { only: [MESSAGE] });
  const why = report.entrances.find(({ entrance }) => entrance.id === MESSAGE)?.why;
  expect(why).toContain(`Give an example: { '${MESSAGE}': (rows) => ({ body: { … } }) }`);
});
