// One process of several: `node process.mjs '{…}'`. It says on standard output what it does, a line for each tenant.
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import pg from 'pg';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } from '../../dist/index.js';
import { TenantCron, TenantScheduleModule } from '../../dist/schedule.js';

const { url, place, cron, tenants, work, delay, lease, skew = 0, spin = 0 } = JSON.parse(process.argv[2]);
if (skew) {
  const now = Date.now.bind(Date);
  Date.now = () => now() + skew;
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...args) {
      super(...(args.length ? args : [Date.now()]));
    }
    static now() {
      return now() + skew;
    }
  };
}

function lockOf() {
  if (place === 'table') {
    const table = new pg.Pool({ connectionString: url });
    table.on('error', () => {});
    // As far away as `delay` says: it asks that much later than the others.
    return { table: { query: (...args) => sleep(delay).then(() => table.query(...args)) } };
  }
  const [address, prefix] = url.split('#');
  const redis = new Redis(address);
  return { redis: { eval: (...args) => sleep(delay).then(() => redis.eval(...args)) }, prefix };
}

const context = new TenantContext();
class Nightly {
  async report(_, { at }) {
    process.stdout.write(`begin ${at.getTime()} ${context.tenantId} ${process.pid}\n`);
    const end = performance.now() + spin;
    while (performance.now() < end);
    await sleep(work);
    process.stdout.write(`end ${at.getTime()} ${context.tenantId} ${process.pid}\n`);
  }
}
const mounted = Object.getOwnPropertyDescriptor(Nightly.prototype, 'report');
TenantCron(cron, { concurrency: 2 })(Nightly.prototype, 'report', mounted);

class AppModule {}
Module({
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry(
        Array.from({ length: tenants }, (_, i) => ({ id: `t_${i}`, slug: `s${i}` })),
      ),
      sources: [fromSubdomain({ baseDomain: 'localhost' })],
    }),
    TenantScheduleModule.forRoot({ lock: lockOf(), lease }),
  ],
  providers: [Nightly],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
process.on('SIGTERM', () => app.close().then(() => process.exit(0)));
process.stdout.write('ready\n');
