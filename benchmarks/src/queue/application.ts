import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InMemoryTenantRegistry, TenancyModule, type Tenant, TenantContext } from '@tenancy/core';
import { TenantBullModule } from '@tenancy/core/bullmq';
import { createPostgresBackend, type Job, type Queue, runMigrations, setDefaultBackendFactory } from 'bullmq';
import pg from 'pg';

/**
 * `bare`: BullMQ alone; `inside`: its jobs added inside an AsyncLocalStorage; `priorities`: so, with priorities of the application. `tenant`, `signed` and
 * `fair`: TenantBullModule, without more, with a `secret`, with `fairness: true`.
 */
export type CaseName = 'bare' | 'inside' | 'priorities' | 'tenant' | 'signed' | 'fair';

/** A Redis or PostgreSQL server, by its URL. */
export type ServerUrl = string;

export const TENANTS: readonly Tenant[] = Array.from({ length: 20 }, (_, n) => ({ id: `t_${n}`, slug: `t-${n}` }));

const SECRET = 'correct horse battery staple 0123';

export interface Application {
  readonly queue: Queue<{ readonly tenant: string }>;
  /** Called for each job that ran. */
  onJob: (tenant: string) => void;
  run(): void;
  as<R>(tenant: Tenant, fn: () => R): R;
  stop(): Promise<void>;
}

/** One application with a queue and its worker, which begins when it is told to. */
export async function startApplication(name: CaseName, url: ServerUrl, concurrency: number): Promise<Application> {
  const queueName = `bench-${name}-${process.pid}`;
  const { connection, end } = await connect(url);
  const isTenants = name === 'tenant' || name === 'signed' || name === 'fair';
  const storage = new AsyncLocalStorage<Tenant>();
  const context = new TenantContext();
  const application = { onJob: (_tenant: string) => {} };

  @Processor(queueName, { autorun: false, concurrency, removeOnComplete: { count: 0 } })
  class Work extends WorkerHost {
    async process({ data }: Job<{ tenant: string }>): Promise<void> {
      application.onJob(data.tenant);
    }
  }
  const registry = new InMemoryTenantRegistry([...TENANTS]);
  const tenants = isTenants
    ? [
        TenancyModule.forRoot({ registry, sources: [{ name: 'none', identify: () => null }] }),
        TenantBullModule.forRoot({
          connection,
          ...(name === 'fair' && { fairness: true }),
          ...(name === 'signed' && { secret: SECRET }),
        }),
      ]
    : [BullModule.forRoot({ connection })];
  @Module({ imports: [...tenants, BullModule.registerQueue({ name: queueName })], providers: [Work] })
  class Root {}
  const app = await NestFactory.createApplicationContext(Root, { logger: false });
  const { worker } = app.get(Work);
  return Object.assign(application, {
    queue: app.get<Queue>(getQueueToken(queueName)),
    run: () => void worker.run(),
    as: <R>(tenant: Tenant, fn: () => R): R => {
      if (isTenants) return context.run(tenant, fn);
      return name === 'bare' ? fn() : storage.run(tenant, fn);
    },
    stop: async () => {
      await app.close();
      await end();
    },
  });
}

async function connect(url: ServerUrl) {
  if (url.startsWith('redis:')) {
    const { hostname, port } = new URL(url);
    return { connection: { host: hostname, port: Number(port || 6379) }, end: async () => {} };
  }
  setDefaultBackendFactory(createPostgresBackend as never);
  const pool = new pg.Pool({ connectionString: url, options: '-c search_path=bullmq', max: 20, keepAlive: true });
  const client = await pool.connect();
  await runMigrations(client);
  client.release();
  return { connection: pool as never, end: () => pool.end() };
}
