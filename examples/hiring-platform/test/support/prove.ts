import { createIsolationHarness } from '@tenancy/testing';
import { describeIsolation } from '@tenancy/testing/vitest';
import { afterAll } from 'vitest';
import { AppModule } from '../../src/app.module.js';
import type { IsolationKind } from '../../src/database/isolation.js';
import { startScreening } from '../../src/screening/start-screening.js';
import { configure } from '../../src/start/configure.js';
import { companyOf, provenDatabase } from './proven.js';

const NAMES_ARE_PUBLIC = 'a name is part of a host name, and whoever calls that host learns that a company has it';
const DEMONSTRATION = 'the platform says on its own page which companies the demonstration has';

/** The whole platform, attacked at every entrance, with companies kept as `isolation` says. */
export async function prove(isolation: IsolationKind): Promise<void> {
  const database = await provenDatabase(isolation);
  const screening = await startScreening(database.deployment);

  const app = await createIsolationHarness(AppModule.for({ ...database.deployment, screeningPort: screening.port }), {
    ...database.options,
    configure: configure,
    signIn: async (tenant, client) => {
      const { email, password } = companyOf(tenant).recruiters[0];
      const { body } = await client.post('/auth/sign-in', { email, password });
      return (body as { token: string }).token;
    },
  });

  let months = 0;
  const nextMonth = () => {
    months += 1;
    return `20${String(Math.floor(months / 12)).padStart(2, '0')}-${String((months % 12) + 1).padStart(2, '0')}`;
  };

  let companies = 0;
  const newCompany = () => {
    companies += 1;
    return {
      body: {
        slug: `company-${companies}`,
        name: 'Initech',
        email: 'bill@initech.example',
        password: 'bill runs initech',
      },
    };
  };

  // For a page to look at: `ISOLATION_REPORT=isolation.html`, and what `/isolation` shows: `pnpm isolation`.
  const { ISOLATION_REPORT: html, ISOLATION_REPORT_JSON: json } = process.env;

  describeIsolation(app, {
    ...(html && { report: { html, ...(json && { json }) } }),
    // A busy machine may take its time.
    timeout: 300_000,
    exempt: {
      'POST /sign-up': { existence: NAMES_ARE_PUBLIC },
      'POST /new-company': { existence: NAMES_ARE_PUBLIC },
      'GET /': { 'no-tenant': DEMONSTRATION, inputs: DEMONSTRATION },
      'GET /isolation/report':
        'it is a file that this proof writes, about companies of its own, and the same for everybody',
      'POST /attacks/:attempt':
        'it acts as the other company too, with its token, to see that there was something to get: attacks.test.ts looks at its answers',
    },
    examples: {
      'POST /auth/sign-in': (_, { tenant }) => {
        const { email, password } = companyOf(tenant).recruiters[0];
        return { body: { email, password } };
      },
      'POST /sign-up': newCompany,
      'POST /new-company': newCompany,
      'POST /sign-in': (_, { tenant }) => {
        const { email, password } = companyOf(tenant).recruiters[0];
        return { body: { email, password } };
      },
      'GET /assets/:file': { path: { file: 'site.css' } },
      'POST /desk/jobs/:id/applications': ({ job, applicant }) => ({
        path: { id: job.id },
        body: { candidateId: applicant.id },
      }),
      'POST /desk/invoices': () => ({ body: { month: nextMonth() } }),
      'POST /sign-out': { answersNothing: 'it takes a cookie away, and leads to the careers' },
      'POST /applications': ({ job, applicant }) => ({ body: { jobId: job.id, candidateId: applicant.id } }),
      'POST /invoices': () => ({ body: { month: nextMonth() } }),
    },
  });

  // After the harness has been closed.
  afterAll(async () => {
    await screening.stop();
    await database.stop();
  });
}
