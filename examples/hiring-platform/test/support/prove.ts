import { IoAdapter } from '@nestjs/platform-socket.io';
import { tenantSockets } from '@tenancy/core/websockets';
import { createIsolationHarness } from '@tenancy/testing';
import { describeIsolation } from '@tenancy/testing/vitest';
import { afterAll } from 'vitest';
import { AppModule } from '../../src/app.module.js';
import type { IsolationKind } from '../../src/database/isolation.js';
import { startScreening } from '../../src/screening/start-screening.js';
import { companyOf, provenDatabase } from './proven.js';

/** The whole platform, attacked at every entrance, with companies kept as `isolation` says. */
export async function prove(isolation: IsolationKind): Promise<void> {
  const database = await provenDatabase(isolation);
  const screening = await startScreening(database.deployment);

  const app = await createIsolationHarness(AppModule.for({ ...database.deployment, screeningPort: screening.port }), {
    ...database.options,
    configure: (nest) => void nest.useWebSocketAdapter(tenantSockets(new IoAdapter(nest))),
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

  // For a page to look at: `ISOLATION_REPORT=isolation.html`.
  const { ISOLATION_REPORT: html } = process.env;

  describeIsolation(app, {
    ...(html && { report: { html } }),
    // A busy machine may take its time.
    timeout: 300_000,
    exempt: {
      'POST /sign-up': {
        existence: 'a name is part of a host name, and whoever calls that host learns that a company has it',
      },
    },
    examples: {
      'POST /auth/sign-in': (_, { tenant }) => {
        const { email, password } = companyOf(tenant).recruiters[0];
        return { body: { email, password } };
      },
      'POST /sign-up': () => {
        companies += 1;
        return {
          body: {
            slug: `company-${companies}`,
            name: 'Initech',
            email: 'bill@initech.example',
            password: 'bill runs initech',
          },
        };
      },
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
