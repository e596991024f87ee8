import { Logger } from '@nestjs/common';
import { types } from 'pg';
import type { Finding, Queryable, RuleName } from '../doctor/rule.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import type { Isolation } from '../isolation/isolation.js';
import type { TenantClient } from './tenant-client.js';
import { examineTwoTenants } from './two-tenants.js';

/** A rule of the doctor, or the check that only the pool itself can make. */
export type StartCheck = RuleName | 'two-tenants';

export type StartFinding = Omit<Finding, 'rule'> & { readonly rule: StartCheck };

/** What becomes of a check's findings, by the check's name. What is not named stops the pool. */
export type StartChecks = { readonly [check in StartCheck]?: 'warn' | 'off' };

const logger = new Logger('TenantPool');

/**
 * Looks whether the database holds tenants apart, through the connection that queries will use.
 *
 * @throws `floor_unsafe` with every finding and its fix.
 */
export async function runStartChecks(client: TenantClient, isolation: Isolation, checks: StartChecks): Promise<void> {
  client.hold('setup');
  // The application's own type parsers are for its own rows.
  const catalogs: Queryable = { query: (text, values = []) => client.query({ text, values, types }) };
  const all: readonly StartFinding[] = [
    ...((await isolation.verify?.(catalogs)) ?? []),
    ...(checks['two-tenants'] === 'off' ? [] : await examineTwoTenants(client, isolation.setting)),
  ];
  const findings = all.filter(({ rule }) => checks[rule] !== 'off');
  for (const found of findings) if (checks[found.rule] === 'warn') logger.warn(sentence(found));
  const errors = findings.filter(({ rule }) => checks[rule] !== 'warn');
  if (errors.length === 0) return;
  throw new TenantFloorError(
    'floor_unsafe',
    `the database does not hold tenants apart, so no query was sent.\n${errors.map(sentence).join('\n')}\n` +
      'Where that is known and meant, the pool’s option `checks` turns a check into a warning: ' +
      `{ checks: { '${errors[0]?.rule}': 'warn' } }.`,
  );
}

function sentence({ rule, subject, message, fix }: StartFinding): string {
  return `- ${rule}: ${subject}: ${message}\n  Fix: ${fix}`;
}
