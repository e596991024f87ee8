import { setTimeout } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TenantLogger } from '@tenancy/core/logging';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { type DemoCompany, demoCompanies } from '../../src/admin/demo-companies.js';
import { DemoData } from '../../src/admin/demo-data.js';
import { AppModule } from '../../src/app.module.js';
import { type IsolationKind, isolations } from '../../src/database/isolation.js';
import { startScreening } from '../../src/screening/start-screening.js';
import type { Deployment } from '../../src/settings/settings.module.js';
import { configure } from '../../src/start/configure.js';
import { prepareDatabase } from '../../src/start/prepare-database.js';
import { testDeployment } from './deployment.js';
import { type Answer, type Call, call } from './http.js';

export const [acme, globex] = demoCompanies;

export type Company = DemoCompany;

const TABLES = [
  'user_account',
  'job',
  'candidate',
  'application',
  'note',
  'audit_entry',
  'invoice',
  'invoice_line',
  'mail',
  'ended_session',
];

/** The platform on a database of its own, listening, with both companies in it. */
export class TestPlatform {
  private constructor(
    readonly app: INestApplication,
    readonly port: number,
    /** A connection of the test's own, to look at the rows from outside. */
    readonly outside: pg.Client,
    readonly adminDatabaseUrl: string,
    readonly isolation: IsolationKind,
    /** The second service goes away, as when it is down. */
    readonly stopScreening: () => Promise<void>,
    private readonly stops: readonly (() => Promise<unknown>)[],
  ) {}

  static async start(given: Partial<Deployment> = {}): Promise<TestPlatform> {
    const serverUrl = inject('postgresUrl');
    const database = await createDatabase(serverUrl, { prefix: 'hiring' });
    const { databaseUrl } = await prepareDatabase(database.url, given.isolation);
    const deployment = testDeployment({ databaseUrl, adminDatabaseUrl: database.url, ...given });
    const screening = await startScreening(deployment);
    const app = await NestFactory.create(AppModule.for({ ...deployment, screeningPort: screening.port }), {
      logger: new TenantLogger({ logLevels: ['error', 'warn'] }),
      abortOnError: false,
      forceCloseConnections: true,
    });
    configure(app);
    await app.get(DemoData).seed();
    await app.listen(0, '127.0.0.1');
    const outside = new pg.Client({ connectionString: database.url });
    await outside.connect();
    let isScreening = true;
    const stopScreening = async () => {
      if (isScreening) await screening.stop();
      isScreening = false;
    };
    const stops = [
      () => app.close(),
      stopScreening,
      () => connectionsEnded(outside, new URL(databaseUrl).username),
      () => outside.end(),
      () => database.stop({ roles: [new URL(databaseUrl).username] }),
    ];
    const { port } = app.getHttpServer().address();
    return new TestPlatform(app, port, outside, database.url, deployment.isolation, stopScreening, stops);
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) await stop();
  }

  /** Calls the platform by a host name: `acme.localhost`. */
  call(host: string, path: string, options?: Call): Promise<Answer> {
    return call(this.port, host, path, options);
  }

  /** Calls the platform as a company's recruiter, at the company's address. */
  async as(company: Company, path: string, options: Call = {}): Promise<Answer> {
    return this.call(`${company.slug}.localhost`, path, { token: await this.tokenOf(company), ...options });
  }

  async tokenOf(company: Company): Promise<string> {
    const known = this.#tokens.get(company);
    if (known) return known;
    const { email, password } = company.recruiters[0];
    const answer = await this.call(`${company.slug}.localhost`, '/auth/sign-in', {
      method: 'POST',
      body: { email, password },
    });
    this.#tokens.set(company, answer.body.token);
    return answer.body.token;
  }

  /** Every row of a company, as it is in the database. */
  async rowsOf({ id }: Pick<Company, 'id'>): Promise<Record<string, unknown[]>> {
    const rows: Record<string, unknown[]> = {
      tenant: (await this.outside.query('select * from tenancy.tenant where id = $1', [id])).rows,
    };
    const schema = isolations[this.isolation].schemaOf({ id });
    for (const table of TABLES) {
      const sql = `select * from ${schema}.${table} where tenant_id = $1 order by id`;
      rows[table] = (await this.outside.query(sql, [id])).rows;
    }
    return rows;
  }

  readonly #tokens = new Map<Company, string>();
}

/** Both ORMs have a pool of their own, and must close it. */
async function connectionsEnded(outside: pg.Client, role: string): Promise<void> {
  const open = async () =>
    (await outside.query('select from pg_stat_activity where usename = $1', [role])).rowCount as number;
  // A server process ends a moment after its connection.
  for (let attempts = 0; (await open()) > 0; attempts++) {
    if (attempts === 2_000) throw new Error('The platform has stopped, and left connections open.');
    await setTimeout(50);
  }
}

/** Words that must never appear in an answer to somebody else: the company's ids, and words only its data has. */
export function canariesOf(company: Company): string[] {
  const other = company === acme ? globex : acme;
  const foreign = JSON.stringify(other);
  const words = [
    ...company.jobs.flatMap(({ title, location }) => [title, location]),
    ...company.candidates.flatMap(({ name, email }) => [name, email]),
    ...company.recruiters.map(({ email }) => email),
    company.note,
    company.service.name,
    company.name,
  ].filter((word) => !foreign.includes(word));
  return [company.id, company.digit.repeat(10), ...words];
}
