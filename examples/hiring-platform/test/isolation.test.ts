import { randomUUID } from 'node:crypto';
import { createIsolationHarness } from '@tenancy/testing';
import { createDatabase, postgresFromEnvironment } from '@tenancy/testing/postgres';
import { describeIsolation } from '@tenancy/testing/vitest';
import pg from 'pg';
import { afterAll } from 'vitest';
import { type DemoCompany, demoCompanies, demoId } from '../src/admin/demo-companies.js';
import { DemoData } from '../src/admin/demo-data.js';
import { AppModule } from '../src/app.module.js';
import { prepareDatabase } from '../src/start/prepare-database.js';

const [acme, globex] = demoCompanies;
const TABLES = [
  'user_account',
  'job',
  'candidate',
  'application',
  'note',
  'invoice',
  'invoice_line',
  'audit_entry',
  'mail',
];

const server = await postgresFromEnvironment();
const database = await createDatabase(server.url, { prefix: 'hiring' });
const { databaseUrl } = await prepareDatabase(database.url);
const outside = new pg.Client({ connectionString: database.url });
await outside.connect();

const insert = async (table: string, given: Record<string, unknown>) => {
  const row = { id: randomUUID(), ...given };
  const columns = Object.keys(row);
  const places = columns.map((_, n) => `$${n + 1}`);
  const sql = `insert into ${table} (${columns.join(', ')}) values (${places.join(', ')}) returning *`;
  return (await outside.query(sql, Object.values(row))).rows[0] as { id: string };
};
const companyOf = ({ id }: { id: string }) => demoCompanies.find((company) => company.id === id) as DemoCompany;

const app = await createIsolationHarness(
  AppModule.for({
    port: 0,
    baseDomain: 'localhost',
    jwtSecret: 'a secret of the tests, long enough for HS256',
    redisUrl: process.env['REDIS_URL'] ?? null,
    throwAway: true,
    databaseUrl,
    adminDatabaseUrl: database.url,
  }),
  {
    tenants: { acme, globex },
    prepare: (nest) => nest.get(DemoData).seed(),
    signIn: async (tenant, client) => {
      const { email, password } = companyOf(tenant).recruiters[0];
      const { body } = await client.post('/auth/sign-in', { email, password });
      return (body as { token: string }).token;
    },
    seed: async ({ id: tenant_id }, { canary, round }) => {
      const job = await insert('job', { tenant_id, title: canary('title'), location: canary('location') });
      const candidate = await insert('candidate', { tenant_id, name: canary('name'), email: canary('email') });
      // Who has not applied yet.
      const applicant = await insert('candidate', { tenant_id, name: canary('name'), email: canary('email') });
      const application = await insert('application', { tenant_id, job_id: job.id, candidate_id: candidate.id });
      const author_id = demoId(companyOf({ id: tenant_id }), 'user', 0);
      const note = await insert('note', { tenant_id, application_id: application.id, author_id, text: canary('text') });
      const month = `${1000 + Math.floor(round / 12)}-${String((round % 12) + 1).padStart(2, '0')}`;
      const invoice = await insert('invoice', { tenant_id, month });
      const line = await insert('invoice_line', {
        tenant_id,
        invoice_id: invoice.id,
        job_id: job.id,
        description: canary('line'),
        cents: 4711,
      });
      const entry = await insert('audit_entry', {
        tenant_id,
        recruiter_id: author_id,
        action: 'job.create',
        record_id: job.id,
      });
      return { job, candidate, applicant, application, note, invoice, line, entry };
    },
    // What is there from the start, and is the demo's, stays.
    clean: async ({ id }) => {
      for (const table of [...TABLES].reverse()) {
        await outside.query(`delete from ${table} where tenant_id = $1 and id::text not like '0199a000-%'`, [id]);
      }
    },
    rows: async ({ id }) => {
      const rows: Record<string, Record<string, unknown>[]> = {};
      for (const table of TABLES)
        rows[table] = (await outside.query(`select * from ${table} where tenant_id = $1`, [id])).rows;
      return rows;
    },
  },
);

let months = 0;
const nextMonth = () => {
  months += 1;
  return `20${String(Math.floor(months / 12)).padStart(2, '0')}-${String((months % 12) + 1).padStart(2, '0')}`;
};

// For a page to look at: `ISOLATION_REPORT=isolation.html`.
const { ISOLATION_REPORT: html } = process.env;

describeIsolation(app, {
  ...(html && { report: { html } }),
  // A busy machine may take its time.
  timeout: 300_000,
  examples: {
    'POST /auth/sign-in': (_, { tenant }) => {
      const { email, password } = companyOf(tenant).recruiters[0];
      return { body: { email, password } };
    },
    'POST /applications': ({ job, applicant }) => ({ body: { jobId: job.id, candidateId: applicant.id } }),
    'POST /invoices': () => ({ body: { month: nextMonth() } }),
  },
});

// After the harness has been closed.
afterAll(async () => {
  await outside.end();
  await database.stop({ roles: [new URL(databaseUrl).username] });
  await server.stop();
});
