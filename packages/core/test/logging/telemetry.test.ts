import * as otel from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, describe, expect, it } from 'vitest';
import { TenantContext } from '../../src/index.js';
import { TenantSpanProcessor, tenantBaggage, tenantLabels } from '../../src/logging.js';

const context = new TenantContext();
const tenants = Array.from({ length: 10 }, (_, index) => ({ id: `t_${index}`, slug: `tenant-${index}` }));
const [acme, globex] = tenants as [(typeof tenants)[0], (typeof tenants)[0]];

describe('spans', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    spanProcessors: [new TenantSpanProcessor(), new SimpleSpanProcessor(exporter)],
  });
  provider.register();
  const tracer = otel.trace.getTracer('test');
  afterAll(async () => {
    await provider.shutdown();
    otel.trace.disable();
    otel.context.disable();
    otel.propagation.disable();
  });

  it('X3: each span is of the tenant that begins it, interleaved, and that of a request of the one it is answered for', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, turn) => tenants[turn % 10] as typeof acme).map(async (tenant) => {
        const request = tracer.startSpan(`request ${tenant.id}`, { kind: otel.SpanKind.SERVER });
        await context.run(tenant, async () => {
          const inner = tracer.startSpan(`query ${tenant.id}`);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
          inner.end();
          request.end();
        });
      }),
    );
    const outside = tracer.startSpan('internal none');
    context.run(acme, () => outside.end());
    tracer.startSpan('request none', { kind: otel.SpanKind.SERVER }).end();
    const spans = exporter.getFinishedSpans();
    expect(spans).toHaveLength(82);
    expect(spans.map(({ attributes }) => attributes['tenant.id'])).toEqual(
      spans.map(({ name }) => (name.endsWith('none') ? undefined : name.split(' ')[1])),
    );
  });

  it('X3: what the application sets on a span of a tenant names no other, interleaved, and outside of all it is kept', async () => {
    exporter.reset();
    const forged = { 'tenant.id': 'forged' };
    await Promise.all(
      Array.from({ length: 20 }, (_, turn) => tenants[turn % 10] as typeof acme).map(async (tenant) => {
        const request = tracer.startSpan(tenant.id, { kind: otel.SpanKind.SERVER, attributes: forged });
        await context.run(tenant, async () => {
          const inner = tracer.startSpan(tenant.id, { attributes: forged });
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
          inner.setAttribute('tenant.id', 'forged');
          request.setAttributes(forged);
          inner.end();
          request.end();
        });
      }),
    );
    // Of the one that began it, whoever ends it.
    const other = context.run(acme, () => tracer.startSpan(acme.id));
    context.run(globex, () => other.setAttribute('tenant.id', globex.id).end());
    tracer.startSpan('forged', { attributes: forged }).end();
    const spans = exporter.getFinishedSpans();
    expect(spans).toHaveLength(42);
    expect(spans.map(({ attributes }) => attributes['tenant.id'])).toEqual(spans.map(({ name }) => name));
  });

  it('X3: baggage is of the current tenant, and of none without one', () => {
    const told = () => otel.propagation.getActiveBaggage()?.getEntry('tenant.id')?.value;
    const seen = () => tenantBaggage(otel, told);
    expect([context.run(acme, seen), context.run(globex, seen), seen()]).toEqual([acme.id, globex.id, undefined]);
    const stale = otel.propagation.createBaggage({ 'tenant.id': { value: 'stale' }, a: { value: '1' } });
    const within = otel.propagation.setBaggage(otel.context.active(), stale);
    expect(otel.context.with(within, () => [seen(), context.run(acme, seen), told()])).toEqual([
      undefined,
      acme.id,
      'stale',
    ]);
    expect(() => tenantBaggage(otel, 1 as never)).toThrow(/tenantBaggage/);
  });
});

it('X2: a metric has a label for so many tenants, and another for all others', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const counter = provider.getMeter('test').createCounter('jobs');
  const labels = tenantLabels({ max: 3 });
  for (let round = 0; round < 5; round += 1)
    for (const tenant of tenants) context.run(tenant, () => counter.add(1, labels()));
  counter.add(1, labels());
  await provider.forceFlush();
  const points = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics[0]?.dataPoints ?? [];
  expect(points.map(({ attributes, value }) => [attributes['tenant.id'], value])).toEqual([
    ['t_0', 5],
    ['t_1', 5],
    ['t_2', 5],
    ['other', 35],
    [undefined, 1],
  ]);
  await provider.shutdown();
  expect(() => tenantLabels({ max: -1 })).toThrow(/max: is no whole number/);
  expect(() => tenantLabels({ mx: 1 } as never)).toThrow(/mx: is unknown/);
});
