import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Inject, Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { type CustomTransportStrategy, MessagePattern, Payload, Server } from '@nestjs/microservices';
import { Cron } from '@nestjs/schedule';
import {
  type Tenant,
  TenantContext,
  TenantRegistry,
  type TenantRequest,
  TenantRequiredError,
  TenantResolver,
} from '@tenancy/core';
import { TenantScheduleModule } from '@tenancy/core/schedule';
import type { Job } from 'bullmq';
import { lastValueFrom } from 'rxjs';
import type { Caller, ExampleCall } from '../../../src/proof/target/example.js';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

@Injectable()
class Work extends Tables {
  @Inject(TenantRegistry) private readonly registry!: TenantRegistry;

  archive(): Promise<Row[]> {
    return this.many('update note set is_draft = false where tenant_id = $1 returning body', this.tenantId);
  }

  remind(): Promise<Row[]> {
    return this.many('update invoice set amount = amount + 1 where tenant_id = $1 returning customer', this.tenantId);
  }

  async close({ tenantId, jobId }: JobData): Promise<Row> {
    const tenant = tenantId === null ? null : await this.registry.findById(tenantId);
    if (!tenant) throw new TenantRequiredError('the job names none.');
    return this.tenants.run(tenant, () => this.closeOwn(jobId));
  }

  protected closeOwn(jobId: string): Promise<Row> {
    return this.one(
      `update job set status = 'closed' where id = $1 and tenant_id = $2 returning title`,
      jobId,
      this.tenantId,
    );
  }

  protected closeAny(jobId: string): Promise<Row> {
    return this.one(`update job set status = 'closed' where id = $1 returning title`, jobId);
  }
}

interface JobData {
  readonly tenantId: string | null;
  readonly jobId: string;
}

@Injectable()
class Archive {
  constructor(@Inject(Work) private readonly work: Work) {}

  @OnEvent('month.ended', { suppressErrors: false })
  async monthEnded() {
    return this.work.archive();
  }
}

@Injectable()
class Nightly {
  constructor(
    @Inject(Work) private readonly work: Work,
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
    @Inject(TenantContext) private readonly tenants: TenantContext,
  ) {}

  /** For one tenant after another. */
  @Cron('0 3 * * *')
  async everybody(): Promise<void> {
    for await (const tenant of this.registry.list?.() ?? []) await this.tenants.run(tenant, () => this.remind());
  }

  async remind() {
    return this.work.remind();
  }
}

/** Works on jobs that name their tenant. */
@Processor('jobs')
class JobsProcessor extends WorkerHost {
  constructor(@Inject(Work) private readonly work: Work) {
    super();
  }

  async process({ data }: Pick<Job<JobData>, 'data'>): Promise<Row> {
    return this.work.close(data);
  }
}

interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly data: { readonly tenantId: string; readonly jobId: string };
}

/** The tenant of a message. */
@Injectable()
class Senders {
  constructor(
    @Inject(TenantResolver) private readonly resolver: TenantResolver,
    @Inject(TenantRegistry) protected readonly registry: TenantRegistry,
  ) {}

  async of({ headers }: Message) {
    return this.resolver.resolve({ headers } as TenantRequest);
  }
}

@Controller()
class MessagesController extends Tables {
  @MessagePattern('job.find')
  find(@Payload() { jobId }: Message['data']) {
    return this.one('select title from job where id = $1 and tenant_id = $2', jobId, this.tenantId);
  }
}

/** Messages of this process. */
class LocalServer extends Server implements CustomTransportStrategy {
  listen(ready: () => void): void {
    ready();
  }

  close(): void {}

  on(): void {}

  unwrap<T>(): T {
    return this as unknown as T;
  }

  async ask(pattern: string, data: unknown): Promise<unknown> {
    const handler = this.getHandlerByPattern(pattern);
    if (!handler) throw new Error(`Nobody handles ${pattern}.`);
    return lastValueFrom(this.transformToObservable(await handler(data)));
  }
}

const local = new WeakMap<object, LocalServer>();

async function message(app: Caller['app'], sent: Message): Promise<unknown> {
  const tenant = await app.get(Senders).of(sent);
  return app.get(TenantContext).run(tenant, () => (local.get(app) as LocalServer).ask('job.find', sent.data));
}

/** As code of the tenant's own does it; where nobody calls, without one. */
function inside<R>({ tenant, app }: Pick<Caller, 'tenant' | 'app'>, work: () => R): R {
  return tenant ? app.get(TenantContext).run(tenant, work) : work();
}

const idOf = (row: unknown) => (row as { id: string }).id;

const ending: ExampleCall = {
  call: (_, caller) => inside(caller, () => caller.app.get(EventEmitter2).emitAsync('month.ended')),
};
const reminding: ExampleCall = { call: async (_, caller) => inside(caller, () => caller.app.get(Nightly).remind()) };
const working: ExampleCall = {
  call: async ({ job }, { app, tenant }) =>
    app.get(JobsProcessor).process({ data: { tenantId: tenant?.id ?? null, jobId: idOf(job) } }),
};
const asking: ExampleCall = {
  call: ({ job }, { app, identity }) => {
    const { id, tenantId } = job as unknown as { id: string; tenantId: string };
    return message(app, {
      headers: { ...(identity.host && { host: identity.host }), ...identity.headers },
      data: { tenantId, jobId: id },
    });
  },
};

export const unattended: Twins = {
  about: 'Events, messages, queues and clocks',
  correct: {
    imports: [EventEmitterModule.forRoot(), TenantScheduleModule.forRoot()],
    controllers: [MessagesController],
    providers: [Work, Archive, Nightly, JobsProcessor, Senders],
    configure: async (app) => {
      const server = new LocalServer();
      local.set(app, server);
      app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
      await app.startAllMicroservices();
    },
  },
  examples: {
    'event Archive.monthEnded': ending,
    'cron Nightly.everybody': reminding,
    'queue JobsProcessor.process': working,
    'message MessagesController.find': asking,
  },
  leaks: [
    {
      name: 'a listener that handles the rows of all tenants',
      entrance: 'event Archive.monthEnded',
      caughtBy: ['own'],
      leaky: instead(
        Work,
        class extends Work {
          override archive() {
            return this.many('update note set is_draft = false where is_draft returning body');
          }
        },
      ),
      byHand: (scene) => harmsAs(scene, ending),
    },
    {
      name: 'a nightly job that writes over all tenants',
      entrance: 'cron Nightly.everybody',
      caughtBy: ['own'],
      leaky: instead(
        Work,
        class extends Work {
          override remind() {
            return this.many('update invoice set amount = amount + 1 returning customer');
          }
        },
      ),
      byHand: (scene) => harmsAs(scene, reminding),
    },
    {
      name: 'a job that is worked on without a tenant',
      entrance: 'queue JobsProcessor.process',
      caughtBy: ['no-tenant'],
      leaky: instead(
        Work,
        class extends Work {
          override close(data: JobData) {
            return data.tenantId === null ? this.closeAny(data.jobId) : super.close(data);
          }
        },
      ),
      byHand: ({ harness, theirs, harms }) =>
        harms(async () =>
          harness.app
            .get(JobsProcessor)
            .process({ data: { tenantId: null, jobId: theirs.job.id } })
            .catch(() => 'refused'),
        ),
    },
    {
      name: 'an id in a job, looked up without the tenant',
      entrance: 'queue JobsProcessor.process',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Work,
        class extends Work {
          protected override closeOwn(jobId: string) {
            return this.closeAny(jobId);
          }
        },
      ),
      byHand: (scene) => harmsAs(scene, working, scene.theirs),
    },
    {
      name: 'a message that is trusted to say whose it is',
      entrance: 'message MessagesController.find',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Senders,
        class extends Senders {
          override async of(sent: Message) {
            await super.of(sent);
            return (await this.registry.findById(sent.data.tenantId)) as Tenant;
          }
        },
      ),
      byHand: async (scene) => scene.shows(await as(scene, asking, scene.theirs).catch(() => 'refused')),
    },
  ],
};

async function as({ harness, acme, ours }: Scene, example: ExampleCall, rows = ours): Promise<unknown> {
  const { host = null, ...headers } = acme.headers;
  const [tenant = null] = harness.tenants;
  const identity = { host, headers };
  return example.call(rows, {
    tenant,
    identity,
    url: harness.url,
    app: harness.app,
    client: acme,
    canary: (name) => name,
  });
}

function harmsAs(scene: Scene, example: ExampleCall, rows = scene.ours): Promise<boolean> {
  return scene.harms(() => as(scene, example, rows).catch(() => 'refused'));
}
