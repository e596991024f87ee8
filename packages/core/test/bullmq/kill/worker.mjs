// A process of an application's own over the built package, to be killed at any moment: `node worker.mjs <settings, JSON>`.
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createPostgresBackend, setDefaultBackendFactory } from 'bullmq';
import { TenantBullModule } from '../../../dist/bullmq.js';
import { InMemoryTenantRegistry, TenancyModule, TenantContext } from '../../../dist/index.js';

const { bull, isPostgres, queue, tenants, log } = JSON.parse(process.argv[2]);
if (isPostgres) setDefaultBackendFactory(createPostgresBackend);

const context = new TenantContext();

class Mails extends WorkerHost {
  async process(job) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    if (job.name === 'flaky' && job.attemptsMade === 0) throw new Error('tried again');
    // One write that is on the disk's way before the job can be called done.
    appendFileSync(log, `${job.data.n} ${job.data.of} ${context.tenantId} ${job.name}\n`);
    if (job.name === 'chain') await this.#next(job);
    return context.tenantId;
  }

  #next(job) {
    return this.queue.add('link', job.data, { jobId: `link-${job.data.n}` });
  }
}
Processor(queue, { concurrency: 6, lockDuration: 1000, stalledInterval: 500, maxStalledCount: 100 })(Mails);

class AppModule {}
Module({
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry(tenants),
      sources: [{ name: 'none', identify: () => null }],
    }),
    TenantBullModule.forRoot(bull),
    BullModule.registerQueue({ name: queue }),
  ],
  providers: [Mails],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
app.get(Mails).queue = app.get(`BullQueue_${queue}`, { strict: false });
app.get(Mails).worker.on('error', () => {});
process.send('started');
