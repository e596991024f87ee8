import type { Client } from 'pg';
import { misconfigured } from '../errors/misconfigured.js';
import { quoteIdentifier } from '../policies/quoting.js';
import { readRows } from '../policies/read-rows.js';
import type { CitusFinding } from './citus/citus-findings.js';
import { type DistributionPlan, distributionPlan } from './citus/distribution-plan.js';
import { type DiagnoseOptions, resolveDiagnoseOptions } from './diagnose-options.js';
import type { Finding } from './diagnosis/rule.js';
import { examine } from './examine.js';
import type { OperatingFinding } from './operating/operating-rule.js';
import { type TenantShare, tenantShares } from './operating/tenant-shares.js';
import { operatingRules } from './operating-rules.js';
import { reading } from './reading.js';

/** One fault, of whichever of the three groups of rules. */
export type DoctorFinding = Finding | OperatingFinding | CitusFinding;

/** The answer of {@link diagnose}. */
export interface DoctorReport {
  /** Errors first, then advice, each in the order of the rules. */
  readonly findings: readonly DoctorFinding[];
  /** The largest tenants by table, as estimated. It names tenants, and so is for whoever operates the database. */
  readonly shares: readonly TenantShare[];
  /** The SQL that distributes the database, where `for: 'citus'` asked for it. */
  readonly distribution: DistributionPlan['sql'] | null;
}

/**
 * Examines a live database: rights and policies as the application's role, then what makes it slow or fails later. All of it is
 * read-only, and no statement runs for longer than thirty seconds.
 *
 * @throws TenantFloorError `floor_misconfigured` for a wrong option, or where nobody may be the application's role.
 *
 * @example
 * ```ts
 * import { diagnose, formatReport } from '@tenancy/postgres/doctor';
 *
 * const report = await diagnose({
 *   connection: process.env.ADMIN_DATABASE_URL ?? 'postgres://maintenance@localhost/app',
 *   application: process.env.DATABASE_URL ?? 'postgres://app@localhost/app',
 *   role: 'app',
 *   shared: ['country'],
 * });
 * process.stdout.write(formatReport(report, 'text'));
 * ```
 */
export async function diagnose(options: DiagnoseOptions): Promise<DoctorReport> {
  const { rules, operating } = resolveDiagnoseOptions(options);
  const { connection, application, role } = options;
  const asApplication = await reading(application ?? connection, async (client) => {
    await become(client, role, application !== undefined);
    return examine(client, rules);
  });
  return reading(connection, async (client) => {
    const found: OperatingFinding[] = [];
    // One at a time: a rule that fails is not a rule that found nothing.
    for (const rule of operatingRules) found.push(...(await rule.examine(client, operating)));
    const plan = options.for === 'citus' ? await distributionPlan(client, operating) : null;
    const findings: DoctorFinding[] = [...asApplication, ...found, ...(plan?.findings ?? [])];
    return {
      findings: findings.toSorted(({ severity: one }, { severity: other }) => gravity(one) - gravity(other)),
      shares: await tenantShares(client, operating),
      distribution: plan?.sql ?? null,
    };
  });
}

function gravity(severity: Finding['severity']): number {
  return severity === 'error' ? 0 : 1;
}

/** Rights are read as the role that the application has, and not as somebody's who may do more. */
async function become(client: Client, role: string, isApplication: boolean): Promise<void> {
  const [connected] = (await readRows(
    client,
    'select session_user = $1::text as is, rolsuper as super from pg_roles where rolname = session_user',
    [role],
  )) as { readonly is: boolean; readonly super: boolean }[];
  if (connected?.is) return;
  if (!isApplication && connected?.super) {
    await client.query(`set session authorization ${quoteIdentifier(role)}`).catch((cause: unknown) => {
      throw misconfigured(`diagnose: there is no role ${JSON.stringify(role)}. Correct \`role\`.`, { cause });
    });
    return;
  }
  throw misconfigured(
    `diagnose: ${isApplication ? '`application`' : '`connection`'} does not connect as the role ${JSON.stringify(role)}, whose rights are to be examined` +
      `${isApplication ? '. Correct it, or `role`.' : ', and may not become it. Pass `application`, the URL that the application has.'}`,
  );
}
