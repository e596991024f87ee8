import { AsyncLocalStorage } from 'node:async_hooks';
import { BullModule, getFlowProducerToken, Processor, WorkerHost } from '@nestjs/bullmq';
import type { FlowProducer, Job, Span, Telemetry } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { afterEach, expect, it } from 'vitest';
import { acme, as, finished, globex, type Started, someQueue, start, tenantNow } from './application.js';
import { eachBackend } from './backends.js';

const both = [acme, globex] as const;

/** A telemetry of an application's own, which carries the trace that a job is of. */
function tracing() {
  const active = new AsyncLocalStorage<string>();
  const spans: string[] = [];
  const telemetry: Telemetry<string> = {
    tracer: {
      startSpan: (name, _, parent) => {
        spans.push(name);
        const span: Span<string> = {
          setSpanOnContext: () => parent ?? active.getStore() ?? 'none',
          setAttribute() {},
          setAttributes() {},
          addEvent() {},
          recordException() {},
          end() {},
        };
        return span;
      },
    },
    contextManager: {
      with: (context, fn) => active.run(context, fn),
      active: () => active.getStore() ?? 'none',
      getMetadata: (context) => context,
      fromMetadata: (_, metadata) => metadata,
    },
  };
  return { active, spans, telemetry };
}

eachBackend((backend) => {
  let app: Started;
  afterEach(() => app.close());

  it.each([
    ['of its own', tracing()],
    ['of bullmq-otel', { ...tracing(), telemetry: new BullMQOtel({}) }],
  ])(
    "Q9: the application's telemetry, %s, and the tenant are each their own",
    async (_, { active, spans, telemetry }) => {
      const queue = someQueue();
      const ran: string[] = [];
      @Processor(queue, { concurrency: 4 })
      class Mails extends WorkerHost {
        async process(job: Job): Promise<string> {
          await new Promise((resolve) => setImmediate(resolve));
          ran.push(`${job.name} ${active.getStore() ?? 'none'}`);
          return tenantNow();
        }
      }
      app = await start(backend, {
        queue,
        providers: [Mails],
        imports: [BullModule.registerFlowProducer({ name: 'flows' })],
        bull: { telemetry, secret: 's'.repeat(32) },
      });
      const flows = app.module.get<FlowProducer>(getFlowProducerToken('flows'), { strict: false });
      const traced = <R>(tenant: typeof acme, fn: () => Promise<R>) =>
        as(tenant, () => active.run(`trace of ${tenant.id}`, fn));
      for (const make of [
        () => app.queue().add('mail', {}),
        async () => (await app.queue().addBulk([{ name: 'mail', data: {} }]))[0] as Job,
        async () => (await flows.add({ name: 'mail', queueName: queue })).job,
        async () => (await flows.add({ name: 'mail', queueName: queue, opts: { attempts: 1 } })).job,
      ]) {
        const jobs = await Promise.all(both.map((tenant) => traced(tenant, make)));
        for (const [index, job] of jobs.entries()) {
          const tenant = both[index] as typeof acme;
          expect((await finished(tenant, app.queue(), job.id as string)).returnvalue).toBe(tenant.id);
        }
      }
      if (telemetry instanceof BullMQOtel) return;
      expect(spans.length).toBeGreaterThan(8);
      // What has no options has no metadata of telemetry, and its tenant all the same.
      for (const { id } of both)
        expect(ran.filter((line) => line === `mail trace of ${id}`).length).toBeGreaterThanOrEqual(3);
    },
  );
});
