import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

/** Says what its clocks did; written without decorators, so that Node runs it as it is. */
const application = (importing: string) => `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, Interval, SchedulerRegistry, Timeout } from '@nestjs/schedule';
${importing}

const context = new TenantContext();
const seen = [];
const decorate = (type, decorators) => {
  for (const [name, decorator] of Object.entries(decorators)) {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
    decorator(type.prototype, name, descriptor);
    Object.defineProperty(type.prototype, name, descriptor);
  }
};
const told = (work) => {
  try { return work(); } catch (error) { return error.message.slice(0, 80); }
};

class Nightly {
  async report(tenant) { seen.push('report of ' + tenant.id + ' as ' + context.tenantId); }
  poll() { seen.push('poll as ' + context.tenantId); }
  plain() { seen.push(told(() => context.tenantId)); }
  beat() { seen.push(told(() => context.tenantId)); }
  once() { seen.push(told(() => context.tenantId)); }
}
decorate(Nightly, {
  report: TenantCron('* * * * * *', { timeZone: 'UTC' }),
  poll: TenantInterval(50),
  plain: Cron('* * * * * *'),
  beat: Interval(50),
  once: Timeout(50),
});

class AppModule {}
Module({
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }, { id: 't_globex', slug: 'globex' }]),
      sources: [fromSubdomain({ baseDomain: 'localhost' })],
    }),
    TenantScheduleModule.forRootAsync({ useFactory: () => ({ concurrency: 2 }) }),
  ],
  providers: [Nightly],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
const registry = app.get(SchedulerRegistry);
const acme = { id: 't_acme', slug: 'acme' };
seen.push(told(() => context.run(acme, () => registry.addInterval('x', setInterval(() => {}, 1)))));
const { constructor: CronJob } = [...registry.getCronJobs().values()][0];
context.run(acme, () => {
  const job = new CronJob('* * * * * *', () => { seen.push('added: ' + context.isActive()); });
  registry.addCronJob('added', job);
  job.start();
});
seen.push('visited ' + (await app.get(TenantRunner).forEach(() => {})).done);
const end = Date.now() + 20_000;
while (new Set(seen).size < EXPECTED && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
await app.close();
console.log(JSON.stringify([...new Set(seen)].sort()));
`;

const core = 'fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext';
const schedule = 'TenantCron, TenantInterval, TenantRunner, TenantScheduleModule';

const expected = [
  'added: false',
  'poll as t_acme',
  'poll as t_globex',
  'report of t_acme as t_acme',
  'report of t_globex as t_globex',
  'tenant_context_missing: Nightly.beat is run by @Interval, and a clock has no ten',
  'tenant_context_missing: Nightly.once is run by @Timeout, and a clock has no tena',
  'tenant_context_missing: Nightly.plain is run by @Cron, and a clock has no tenant',
  'tenant_switch_refused: SchedulerRegistry.addInterval("x") was called inside a te',
  'visited 2',
];

describe.each([
  ['11.1.4', '6.1.0'],
  ['11', '6'],
  ['12', '12'],
])('clocks on Nest %s with @nestjs/schedule %s', (nest, clocks) => {
  const app = join(inject('outside'), `clocks-${nest}`);
  beforeAll(async () => {
    await mkdir(app, { recursive: true });
    await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit'];
    const nests = [`@nestjs/common@${nest}`, `@nestjs/core@${nest}`, `@nestjs/schedule@${clocks}`];
    const tarball = inject('tarballs')['@tenancy/core'] as string;
    await run(['npm', 'install', ...flags, ...nests, 'reflect-metadata@0.2', 'rxjs@7', tarball], app);
    const text = (importing: string) => application(importing).replace('EXPECTED', String(expected.length));
    await writeFile(
      join(app, 'esm.js'),
      text(`import { ${core} } from '@tenancy/core';\nimport { ${schedule} } from '@tenancy/core/schedule';`),
    );
    const file = (name: string) => `createRequire(import.meta.url)('./node_modules/@tenancy/core/dist/${name}.cjs')`;
    await writeFile(
      join(app, 'cjs.js'),
      text(
        `import { createRequire } from 'node:module';\nconst { ${core} } = ${file('index')};\nconst { ${schedule} } = ${file('schedule')};`,
      ),
    );
  });

  it.each(['esm', 'cjs'])('are for each tenant, or nobody (%s)', async (format) => {
    // On a busy machine a tick may be left out, and the log says so beside it.
    const lines = (await run([process.execPath, `${format}.js`], app)).split('\n');
    expect(JSON.parse(lines.find((line) => line.startsWith('["')) ?? '')).toEqual(expected);
  });
});
