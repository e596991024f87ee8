import type { MigrateResult, PlannedTarget } from '@tenancy/postgres/migrations';
import type { Output } from '../output/output.js';
import { counted, some } from '../output/words.js';

/** Failures that are shown; all of them are in JSON. */
const SHOWN = 20;

/** The SQL that each target would be sent, as a text that can be run. */
export function reportPlan({ planned }: MigrateResult, output: Output): void {
  for (const target of planned) {
    if (output.isJson) output.object({ type: 'plan', ...target });
    else output.raw(`-- ${headOf(target)}\n${target.sql}\n\n`);
  }
}

function headOf({ tenant, schema, migrations }: PlannedTarget): string {
  const who = [tenant ?? 'the database', ...(schema === null ? [] : [`schema ${schema}`])].join(', ');
  return `${who}: ${migrations.join(', ')}`.replaceAll(/\p{Cc}/gu, '?');
}

/** The manner of a run that is reported. */
export interface Manner {
  /** True where the targets are the schemas or databases of tenants. */
  readonly isMany: boolean;
  readonly isDryRun: boolean;
}

export function reportResult(result: MigrateResult, { isMany, isDryRun }: Manner, output: Output): void {
  const { planned, ...rest } = result;
  output.object({ type: 'result', ...rest, planned: planned.length });
  const { applied, migrated, current, failed, quarantined } = result;
  if (isDryRun) {
    output.note(
      `${counted(planned.length, 'target')} would be sent this, ${current} already up to date. Nothing was sent.`,
    );
  } else if (isMany) {
    output.line(`${counted(migrated, 'target')} brought up to date, ${current} already up to date.`);
  } else if (result.stopped === null) {
    output.line(migrated > 0 ? 'The database was brought up to date.' : 'The database is up to date.');
  }
  if (applied.length > 0) output.line(`Applied: ${some(applied, 10)}.`);
  const lines = [
    ...failed.map(({ tenant, message }) => `failed     ${tenant}: ${message}`),
    ...quarantined.map(({ tenant, message }) => `set aside  ${tenant}: ${message}`),
  ];
  for (const line of lines.slice(0, SHOWN)) output.note(line);
  if (lines.length > SHOWN) output.note(`and ${lines.length - SHOWN} more: \`tenancy migrate status\` shows them.`);
}
