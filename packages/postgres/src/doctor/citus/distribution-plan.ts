import { quoteLiteral } from '../../policies/quoting.js';
import type { Queryable } from '../diagnosis/rule.js';
import type { OperatingOptions } from '../operating/operating-rule.js';
import { type CitusFinding, floorFindings, tableFindings } from './citus-findings.js';
import { type CitusTable, citusTables } from './citus-tables.js';
import { queryFindings } from './query-shapes.js';

/** Obstacles between a database and Citus, and the SQL that distributes it by tenant. */
export interface DistributionPlan {
  readonly findings: readonly CitusFinding[];
  /** SQL for the coordinator, to be run when the findings of severity `error` are gone. */
  readonly sql: string;
}

/** Reads whether tables, keys, references and queries can be distributed by tenant. Nothing is changed. */
export async function distributionPlan(connection: Queryable, options: OperatingOptions): Promise<DistributionPlan> {
  const tables = await citusTables(connection, options);
  return {
    findings: [...tableFindings(tables), ...floorFindings(tables), ...(await queryFindings(connection, tables))],
    sql: planOf(tables),
  };
}

/**
 * Foreign keys are taken away first and come back last: with them, the first table that is made one of Citus' takes along all that are connected with it,
 * as local ones, and those are refused then (seen on Citus 13.0).
 */
function planOf(tables: readonly CitusTable[]): string {
  const ordered = parentsFirst(tables);
  const [first, ...others] = ordered.filter(({ tenant }) => tenant !== null);
  const keys = ordered.flatMap(({ identifier, references }) => references.map((key) => ({ identifier, ...key })));
  const lines = ['create extension if not exists citus;'];
  for (const { identifier, name } of keys.toReversed())
    lines.push(`alter table ${identifier} drop constraint ${name};`);
  for (const { identifier, tenant } of ordered) {
    if (tenant === null) lines.push(`select create_reference_table(${quoteLiteral(identifier)});`);
  }
  const distributed = ({ identifier, tenant }: CitusTable, beside: string) =>
    `select create_distributed_table(${quoteLiteral(identifier)}, ${quoteLiteral(plain(tenant as string))}, colocate_with => ${quoteLiteral(beside)});`;
  if (first) lines.push(distributed(first, 'none'), ...others.map((table) => distributed(table, first.identifier)));
  for (const { identifier, name, definition } of keys)
    lines.push(`alter table ${identifier} add constraint ${name} ${definition};`);
  return `${lines.join('\n')}\n`;
}

/** A quoted name as a value of text. */
function plain(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/** A table after those that it refers to; a circle stays in the order of names. */
function parentsFirst(tables: readonly CitusTable[]): readonly CitusTable[] {
  const ordered: CitusTable[] = [];
  let rest = [...tables];
  while (rest.length > 0) {
    const waiting = new Set(rest.map(({ subject }) => subject));
    const free = rest.filter(
      ({ subject, references }) => !references.some(({ to }) => to !== subject && waiting.has(to)),
    );
    const next = free.length > 0 ? free : rest;
    ordered.push(...next);
    rest = rest.filter((table) => !next.includes(table));
  }
  return ordered;
}
