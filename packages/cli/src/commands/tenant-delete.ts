import type { DeletionProgress } from '@tenancy/postgres/tenants';
import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/exit-code.js';
import { Interruption } from '../interruption.js';
import type { Output } from '../output/output.js';
import { textTable } from '../output/text-table.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { directoryOf, placesOf, reportTenant } from './tenants-common.js';

interface DeleteFlags extends CommonFlags {
  readonly confirm?: string;
  readonly dryRun?: boolean;
}

/** Adds `tenancy delete`. */
export function addTenantDelete(program: Command, end: (code: number) => void): void {
  addCommonOptions(
    program
      .command('delete')
      .argument('<tenant>', 'its id, or a slug that is or was its own')
      .summary('remove a tenant and everything of it')
      .description(
        'Removes a tenant: lets nobody in, deletes its rows, schema or database, and looks through every table for what is left. It cannot be undone.',
      )
      .option('--confirm <slug>', 'the slug of now, once more: without it nothing is deleted')
      .option('--dry-run', 'say what would be deleted'),
  ).action(doing(run, end, []));
}

async function run(
  config: TenancyConfig,
  { confirm, dryRun }: DeleteFlags,
  output: Output,
  [name = '']: readonly string[],
): Promise<number> {
  const directory = directoryOf(config);
  const places = placesOf(config);
  const { id, slug } = await directory.named(name);
  const options = { directory, places, tenant: id, ...config.tenants?.deletion };
  if (dryRun) {
    const { previewDeletion } = await import('@tenancy/postgres/tenants');
    const { tenant, rows } = await previewDeletion(options);
    reportTenant(tenant, output);
    for (const row of rows) output.object({ type: 'rows', ...row });
    output.line(tableOf(rows));
    return EXIT.done;
  }
  if (confirm !== slug) {
    throw new CliError(
      'wrong_use',
      `this removes the tenant ${slug} (${id}) and cannot be undone. Nothing was done. Add --confirm ${slug}, or --dry-run to see what would go.`,
    );
  }
  const interruption = new Interruption(() => output.note('stopping; run the same command again to go on'));
  const { signal } = interruption;
  try {
    const { deleteTenant } = await import('@tenancy/postgres/tenants');
    const certificate = await deleteTenant({ ...options, signal, onProgress: (event) => tell(event, output) });
    output.object({ type: 'certificate', ...certificate });
    output.line(tableOf(certificate.removed));
    for (const { name: what, removed } of certificate.also) {
      output.line(`${what}: ${removed === null ? 'removed' : `${removed} removed`}`);
    }
    const tables = certificate.scanned.reduce((sum, scan) => sum + scan.tables, 0);
    output.line(`${slug} (${id}) is deleted; nothing of it is left in ${tables} tables`);
    for (const { table, rows, reason } of certificate.kept)
      output.line(`kept on purpose: ${rows} in ${table}: ${reason}`);
    return EXIT.done;
  } finally {
    interruption.close();
  }
}

const STEPS = {
  closing: 'nobody is let in',
  data: 'its data is deleted',
  also: 'what is elsewhere is removed',
  scan: 'every table is looked through',
} as const;

function tell(event: DeletionProgress, output: Output): void {
  output.object({ ...event });
  if (event.type === 'step') output.note(STEPS[event.step]);
}

function tableOf(rows: readonly { readonly table: string; readonly rows: number }[]): string {
  if (rows.length === 0) return 'it has no rows';
  return textTable(
    ['table', 'rows'],
    rows.map(({ table, rows: count }) => [table, String(count)]),
  );
}
