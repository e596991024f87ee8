// Visits many tenants, and says how much memory that takes: `node --expose-gc ten-thousand.mjs '{…}'`.
import 'reflect-metadata';
import pg from 'pg';
import { TenantContext } from '../../dist/index.js';
import { forEachTenant } from '../../dist/schedule.js';

const { url, tenants, dieAt } = JSON.parse(process.argv[2]);
const context = new TenantContext();
const tenant = (i) => ({ id: `t_${i}`, slug: `s${i}` });
const registry = {
  findById: async (id) => tenant(Number(id.slice(2))),
  findBySlug: async () => null,
  async *list() {
    for (let i = 0; i < tenants; i += 1) yield tenant(i);
  },
};
const heap = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};

const table = url && new pg.Pool({ connectionString: url, max: 5 });
let before = 0;
let most = 0;
let visited = 0;
const result = await forEachTenant(
  registry,
  async ({ id }) => {
    if (context.tenantId !== id) throw new Error(`${id} as ${context.tenantId}`);
    visited += 1;
    if (visited === 500) before = heap();
    if (visited > 500 && visited % 1_000 === 0) most = Math.max(most, heap() - before);
    if (dieAt !== undefined) {
      // Written at once, before the lock knows of it.
      process.stdout.write(`${id}\n`);
      if (visited === dieAt) process.kill(process.pid, 'SIGKILL');
    }
  },
  { concurrency: 5, ...(table && { resume: { key: 'many', store: { table } } }) },
);
await table?.end();
process.stdout.write(`${JSON.stringify({ ...result, kept: most })}\n`);
