import { randomInt, randomUUID } from 'node:crypto';
import { Inject, Injectable, NotFoundException } from '@nestjs/common';
import { type Tenant, TenantContext } from '@tenancy/core';
import pg from 'pg';
import type { Planted, Planting } from '../../src/index.js';

const SCHEMA = `
  create table job (id text not null, tenant_id text not null, title text not null, category text not null default 'engineering',
    salary int not null, views int not null default 0, status text not null default 'open',
    created_at timestamptz not null default clock_timestamp(), primary key (tenant_id, id));
  create table candidate (id text primary key, tenant_id text not null, name text not null, email text not null,
    created_at timestamptz not null default clock_timestamp());
  create table application (id text primary key, tenant_id text not null, job_id text not null, candidate_id text not null,
    letter text not null);
  create table invoice (id text primary key, tenant_id text not null, number int not null, customer text not null,
    amount int not null, is_paid boolean not null default false);
  create table note (id text primary key, tenant_id text not null, candidate_id text not null, body text not null,
    is_draft boolean not null default true, deleted_at timestamptz);
  create table subscriber (id text primary key, tenant_id text not null, email text not null unique);
  create table tenant_subscriber (id text primary key, tenant_id text not null, email text not null, unique (tenant_id, email));
`;

export const TABLES = ['job', 'candidate', 'application', 'invoice', 'note', 'subscriber', 'tenant_subscriber'];

export async function createTables(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(SCHEMA);
  await client.end();
}

/** The answer of `plantHiring`. */
export interface PlantedHiring extends Planted {
  readonly job: { readonly id: string; readonly title: string; readonly tenantId: string };
  readonly candidate: { readonly id: string; readonly name: string; readonly email: string };
  readonly application: { readonly id: string; readonly letter: string };
  readonly invoice: { readonly id: string; readonly customer: string };
  readonly note: { readonly id: string; readonly body: string };
  readonly subscriber: { readonly id: string; readonly email: string };
}

/** A row in each table, and a note that is deleted. */
export async function plantHiring(
  pool: pg.Pool,
  { id: tenantId }: Tenant,
  { canary }: Planting,
  isLinked: boolean,
): Promise<PlantedHiring> {
  const [job, candidate, application, invoice, note, subscriber] = Array.from({ length: 6 }, () => randomUUID());
  const planted = {
    job: { id: job, title: canary('title'), tenantId },
    candidate: { id: candidate, name: canary('name'), email: `${canary('email')}@example.test` },
    application: { id: application, letter: canary('letter') },
    invoice: { id: invoice, customer: canary('customer') },
    note: { id: note, body: canary('body') },
    subscriber: { id: subscriber, email: `${canary('subscriber')}@example.test` },
  } as PlantedHiring;
  await pool.query(
    `with j as (insert into job (id, tenant_id, title, salary) values ($2, $1, $3, $4)),
      c as (insert into candidate (id, tenant_id, name, email) values ($5, $1, $6, $7)),
      a as (insert into application (id, tenant_id, job_id, candidate_id, letter) values ($8, $1, $2, $5, $9)),
      i as (insert into invoice (id, tenant_id, number, customer, amount)
            select $10, $1, coalesce(max(number), 0) + 1, $11, $12 from invoice where tenant_id = $1),
      s as (insert into subscriber (id, tenant_id, email) values ($13, $1, $14)),
      ts as (insert into tenant_subscriber (id, tenant_id, email) values ($13, $1, $14))
     insert into note (id, tenant_id, candidate_id, body, deleted_at)
     values ($15, $1, $5, $16, null), ($17, $1, $5, $18, now())`,
    [
      tenantId,
      job,
      planted.job.title,
      randomInt(1_000, 9_999),
      candidate,
      planted.candidate.name,
      planted.candidate.email,
      application,
      planted.application.letter,
      invoice,
      planted.invoice.customer,
      randomInt(100, 999),
      subscriber,
      planted.subscriber.email,
      note,
      planted.note.body,
      randomUUID(),
      canary('deleted'),
    ],
  );
  if (isLinked) {
    await pool.query(
      `insert into note (id, tenant_id, candidate_id, body)
       select $2, $1, id, $3 from candidate where tenant_id <> $1 order by created_at desc limit 1`,
      [tenantId, randomUUID(), canary('linked')],
    );
  }
  return planted;
}

export const POOL = Symbol('pool');

// biome-ignore lint/suspicious/noExplicitAny: each statement has columns of its own.
export type Row = Record<string, any>;

/** Hand-written SQL, which is where tenants are forgotten. */
@Injectable()
export class Tables {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(TenantContext) protected readonly tenants: TenantContext,
  ) {}

  protected get tenantId(): string {
    return this.tenants.tenantId;
  }

  protected async many(sql: string, ...values: readonly unknown[]): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, [...values])).rows;
  }

  /** @throws NotFoundException when there is none. */
  protected async one(sql: string, ...values: readonly unknown[]): Promise<Row> {
    const [row] = await this.many(sql, ...values);
    if (!row) throw new NotFoundException();
    return row;
  }
}
