import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import type { IsolationHarnessOptions } from '@tenancy/testing';
import { createDatabase, postgresFromEnvironment } from '@tenancy/testing/postgres';
import pg from 'pg';
import { type DemoCompany, demoCompanies, demoId } from '../../src/admin/demo-companies.js';
import { DemoData } from '../../src/admin/demo-data.js';
import { type IsolationKind, isolations } from '../../src/database/isolation.js';
import type { Deployment } from '../../src/settings/settings.module.js';
import { prepareDatabase } from '../../src/start/prepare-database.js';
import { testDeployment } from './deployment.js';

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
  'ended_session',
];

/** A database for one proof, and what a harness does with its rows. */
export interface ProvenDatabase {
  readonly deployment: Deployment;
  readonly options: Pick<IsolationHarnessOptions, 'tenants' | 'prepare' | 'seed' | 'clean' | 'rows'>;
  /** After the harness has been closed. */
  stop(): Promise<void>;
}

export const companyOf = ({ id }: { id: string }) => demoCompanies.find((company) => company.id === id) as DemoCompany;

export async function provenDatabase(isolation: IsolationKind = 'rows'): Promise<ProvenDatabase> {
  const server = await postgresFromEnvironment();
  const database = await createDatabase(server.url, { prefix: 'hiring' });
  const { databaseUrl } = await prepareDatabase(database.url, isolation);
  const outside = new pg.Client({ connectionString: database.url });
  await outside.connect();

  const tableOf = (id: string, table: string) => `${isolations[isolation].schemaOf({ id })}.${table}`;
  const insert = async (table: string, given: { readonly tenant_id: string; readonly [column: string]: unknown }) => {
    const row = { id: randomUUID(), ...given };
    const columns = Object.keys(row);
    const places = columns.map((_, n) => `$${n + 1}`);
    const sql = `insert into ${tableOf(given.tenant_id, table)} (${columns.join(', ')}) values (${places.join(', ')}) returning *`;
    return (await outside.query(sql, Object.values(row))).rows[0] as { id: string };
  };

  return {
    deployment: testDeployment({ databaseUrl, adminDatabaseUrl: database.url, isolation }),
    options: {
      tenants: { acme, globex },
      prepare: (nest: INestApplication) => nest.get(DemoData, { strict: false }).seed(),
      seed: async ({ id: tenant_id }, { canary, round }) => {
        const job = await insert('job', { tenant_id, title: canary('title'), location: canary('location') });
        const candidate = await insert('candidate', { tenant_id, name: canary('name'), email: canary('email') });
        // Who has not applied yet.
        const applicant = await insert('candidate', { tenant_id, name: canary('name'), email: canary('email') });
        const application = await insert('application', { tenant_id, job_id: job.id, candidate_id: candidate.id });
        const author_id = demoId(companyOf({ id: tenant_id }), 'user', 0);
        const note = await insert('note', {
          tenant_id,
          application_id: application.id,
          author_id,
          text: canary('text'),
        });
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
          await outside.query(
            `delete from ${tableOf(id, table)} where tenant_id = $1 and id::text not like '0199a000-%'`,
            [id],
          );
        }
      },
      rows: async ({ id }) => {
        const rows: Record<string, Record<string, unknown>[]> = {};
        for (const table of TABLES)
          rows[table] = (await outside.query(`select * from ${tableOf(id, table)} where tenant_id = $1`, [id])).rows;
        return rows;
      },
    },
    stop: async () => {
      await outside.end();
      await database.stop({ roles: [new URL(databaseUrl).username] });
      await server.stop();
    },
  };
}
