// Adds an event for each of two tenants, and is killed with -9: after the commit, or after the queue has taken the first one.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } from '@tenancy/core';
import { postgresOutbox, TenantOutbox, TenantOutboxModule } from '@tenancy/core/events';
import { createTenantPool, rowLevelSecurity } from '@tenancy/postgres';
import { createPostgresBackend, Queue } from 'bullmq';

const { url, superuserUrl, queueName, at } = JSON.parse(process.argv[2]);
const context = new TenantContext();
const pool = createTenantPool({ connectionString: url, context, isolation: rowLevelSecurity({ shared: ['country'] }) });
const queue = new Queue(
  queueName,
  { connection: { connectionString: superuserUrl, schema: 'bullmq' } },
  createPostgresBackend,
);
const tenants = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
];
const dying = {
  async add(name, data, options) {
    await queue.add(name, data, options);
    process.kill(process.pid, 'SIGKILL');
  },
};

class Application {}
Module({
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry(tenants),
      sources: [fromSubdomain({ baseDomain: 'app.test' })],
    }),
    TenantOutboxModule.forRoot({
      store: postgresOutbox({ pool }),
      queues: [queueName],
      every: at === 'committed' ? false : 60_000,
    }),
  ],
  providers: [{ provide: `BullQueue_${queueName}`, useValue: dying }],
})(Application);

const app = await NestFactory.createApplicationContext(Application, { logger: false });
for (const tenant of tenants) {
  await context.run(tenant, async () => {
    const client = await pool.connect();
    await client.query('begin');
    await app.get(TenantOutbox).add(client, queueName, 'left', { of: tenant.id });
    await client.query('commit');
    client.release();
  });
}
if (at === 'committed') process.kill(process.pid, 'SIGKILL');
// The relay delivers, and is killed in the middle of it.
await new Promise((resolve) => setTimeout(resolve, 60_000));
