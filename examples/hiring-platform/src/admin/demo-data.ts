import { Injectable } from '@nestjs/common';
import { isTenantsError } from '@tenancy/postgres/tenants';
import type { ClientBase } from 'pg';
import { hashPassword } from '../auth/password.js';
import { prices } from '../billing/prices.js';
import { Companies } from './companies.js';
import { type DemoCompany, demoCompanies, demoId } from './demo-companies.js';
import { insertRows } from './insert-rows.js';

/** Two companies to try the platform with. A company that was there before is left as it is. */
@Injectable()
export class DemoData {
  constructor(private readonly companies: Companies) {}

  async seed(): Promise<void> {
    for (const company of demoCompanies) {
      const { id, slug, name, color } = company;
      await this.companies
        .create({ id, slug, name, settings: { color } }, (client) => this.#seedCompany(company, client))
        .catch((error: unknown) => {
          if (!isTenantsError(error, 'tenant_exists')) throw error;
        });
    }
  }

  async #seedCompany(company: DemoCompany, client: ClientBase): Promise<void> {
    const { jobs, candidates, recruiters, service } = company;
    const insert = (table: string, rows: readonly Readonly<Record<string, unknown>>[]) =>
      insertRows(
        client,
        table,
        rows.map((row) => ({ tenant_id: company.id, ...row })),
      );
    const id = (kind: Parameters<typeof demoId>[1], index: number) => demoId(company, kind, index);
    const users = recruiters.map(async ({ email, password, role }, index) => {
      return { id: id('user', index), email, role, password_hash: await hashPassword(password) };
    });
    await insert('user_account', await Promise.all(users));
    await insert(
      'job',
      jobs.map((job, index) => ({ id: id('job', index), ...job })),
    );
    await insert(
      'candidate',
      candidates.map((person, index) => ({ id: id('candidate', index), ...person })),
    );
    // Each candidate has applied for the job of the same number.
    const applications = candidates.map((_, index) => ({
      id: id('application', index),
      job_id: id('job', index),
      candidate_id: id('candidate', index),
    }));
    await insert('application', applications);
    const [author_id, application_id] = [id('user', 0), id('application', 0)];
    await insert('note', [{ id: id('note', 0), application_id, author_id, text: company.note }]);
    await insert('invoice', [
      { id: id('invoice', 0), month: '2026-09', status: 'paid', paid_at: '2026-10-05T09:00:00Z' },
      { id: id('invoice', 1), month: '2026-10', status: 'open', paid_at: null },
    ]);
    const line = (index: number, of: number, description: string, cents: number, job_id: string | null = null) => {
      return { id: id('line', index), invoice_id: id('invoice', of), job_id, description, cents };
    };
    await insert('invoice_line', [
      line(0, 0, 'Subscription', prices.subscription),
      line(1, 0, `Published: ${jobs[0].title}`, prices.publishedJob, id('job', 0)),
      line(2, 1, 'Subscription', prices.subscription),
      line(3, 1, service.name, service.cents),
    ]);
    await insert('audit_entry', [
      { id: id('entry', 0), recruiter_id: author_id, action: 'note.created', record_id: id('note', 0) },
    ]);
  }
}
