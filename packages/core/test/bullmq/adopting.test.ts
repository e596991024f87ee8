import {
  BullModule,
  getQueueToken,
  InjectFlowProducer,
  InjectQueue,
  OnWorkerEvent,
  Processor,
  WorkerHost,
} from '@nestjs/bullmq';
import { Body, Controller, type DynamicModule, Get, Inject, Module, Param, Post } from '@nestjs/common';
import type { FlowProducer, Job, Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantBullModule, type TenantBullOptions } from '../../src/bullmq.js';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule } from '../../src/index.js';
import { call, type Server, serve } from '../server.js';
import { acme, globex, someQueue, until } from './application.js';
import { type Backend, eachBackend } from './backends.js';

/** The application as it was written, before anybody thought of tenants. */
function feature(name: string) {
  @Processor(name, { concurrency: 2 })
  class Mails extends WorkerHost {
    readonly heard: string[] = [];

    async process(job: Job<{ to: string }>): Promise<string> {
      await job.updateProgress(50);
      if (job.data.to === 'nobody' && job.attemptsMade < 1) throw new Error('bounced');
      return `sent to ${job.data.to}`;
    }

    @OnWorkerEvent('completed')
    onCompleted(job: Job): void {
      this.heard.push(`${job.id}`);
    }
  }

  @Controller('mails')
  class MailsController {
    constructor(
      @InjectQueue(name) private readonly mails: Queue,
      @InjectFlowProducer('books') private readonly books: FlowProducer,
      @Inject(Mails) private readonly processor: Mails,
    ) {}

    @Post()
    async send(@Body() { to }: { to: string }) {
      const job = await this.mails.add('mail', { to }, { jobId: `mail-${to}`, attempts: 2 });
      return { id: job.id };
    }

    @Post('all')
    async sendAll(@Body() { to }: { to: string[] }) {
      const children = to.map((one) => ({
        name: 'mail',
        queueName: name,
        data: { to: one },
        opts: { jobId: `all-${one}` },
      }));
      const { job } = await this.books.add({ name: 'book', queueName: name, data: { to: 'all' }, children });
      return { id: job.id };
    }

    @Get('heard')
    heard() {
      return this.processor.heard;
    }

    @Get(':id')
    async one(@Param('id') id: string) {
      const job = await this.mails.getJob(id);
      return { state: (await job?.getState()) ?? 'unknown', result: job?.returnvalue ?? null, progress: job?.progress };
    }
  }

  @Module({
    imports: [BullModule.registerQueue({ name }), BullModule.registerFlowProducer({ name: 'books' })],
    providers: [Mails],
    controllers: [MailsController],
  })
  class MailsModule {}
  return MailsModule;
}

const tenancy = () =>
  TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry([acme, globex]),
    sources: [fromSubdomain({ baseDomain: 'localhost' })],
  });

const roots: readonly [string, (backend: Backend) => (DynamicModule | Promise<DynamicModule>)[]][] = [
  ['BullModule', (backend) => [BullModule.forRoot(backend.options())]],
  ['TenantBullModule', (backend) => [tenancy(), TenantBullModule.forRoot(backend.options() as TenantBullOptions)]],
];

describe.each(roots)('an application with %s in its root module', (_, imports) => {
  eachBackend((backend) => {
    let server: Server;
    let name: string;

    beforeEach(async () => {
      name = someQueue();
      server = await serve('express', { imports: [...imports(backend), feature(name)] });
    });
    afterEach(() => server.close());

    const get = async (path: string) => (await call(server, 'acme.localhost', `/mails/${path}`)).body;
    const heard = async () => (await get('heard')) as unknown as string[];
    const post = async (path: string, body: object) =>
      (await call(server, 'acme.localhost', `/mails${path}`, { body })).body as { id: string };

    it('sends a mail', async () => {
      expect(await post('', { to: 'ada' })).toEqual({ id: 'mail-ada' });
      await until(async () => (await get('mail-ada'))['state'] === 'completed');
      expect(await get('mail-ada')).toEqual({ state: 'completed', result: 'sent to ada', progress: 50 });
      await until(async () => (await heard()).includes('mail-ada'));
    });

    it('sends it again when it bounces', async () => {
      await post('', { to: 'nobody' });
      await until(async () => (await get('mail-nobody'))['state'] === 'completed');
    });

    it('sends all of a book', async () => {
      const { id } = await post('/all', { to: ['ada', 'bob'] });
      await until(async () => (await get(id))['state'] === 'completed');
      await until(async () => (await heard()).length === 3);
      expect((await heard()).toSorted()).toEqual(['all-ada', 'all-bob', id].toSorted());
    });

    it('knows no mail that nobody sent', async () => {
      expect(await get('mail-eve')).toEqual({ state: 'unknown', result: null });
    });

    it('adds with a spy in its place', async () => {
      const add = vi.spyOn(server.app.get<Queue>(getQueueToken(name), { strict: false }), 'add');
      await post('', { to: 'ada' });
      expect(add).toHaveBeenCalledWith('mail', { to: 'ada' }, { jobId: 'mail-ada', attempts: 2 });
    });
  });
});
