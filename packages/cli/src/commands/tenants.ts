import type { DirectoryStatus } from '@tenancy/postgres/tenants';
import { type Command, Option } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import type { Output } from '../output/output.js';
import { textTable } from '../output/text-table.js';
import { counted } from '../output/words.js';
import { addCommonOptions, type CommonFlags, doing, numberFrom } from './common-options.js';
import { directoryOf, reportTenant, TENANT_HEADER, tenantRow } from './tenants-common.js';

interface SearchFlags extends CommonFlags {
  readonly status?: DirectoryStatus;
  readonly plan?: string;
  readonly server?: string;
  readonly after?: string;
  readonly limit?: number;
}

type Search = SearchFlags & { readonly text?: string | undefined };

/** In the order of a tenant's life. */
const STATUSES: readonly DirectoryStatus[] = ['provisioning', 'active', 'suspended', 'deleting', 'deleted'];

/** Adds `tenancy tenants`, with `list`, `search` and `show`. */
export function addTenants(program: Command, end: (code: number) => void): void {
  const tenants = program
    .command('tenants')
    .summary('say which tenants there are')
    .description('Says which tenants the directory has, and changes nothing.');
  const list = tenants.command('list').summary('list them').description('Lists tenants, in the order of their slugs.');
  addFilters(list).action(doing((config, flags: SearchFlags, output) => listTenants(config, flags, output), end, []));
  const search = tenants
    .command('search')
    .argument('<text>', 'a part of a slug, a name or a domain, or an id')
    .summary('find some by a part of a name')
    .description('Finds tenants by a part of the slug, of a former one, of the name or of a domain, or by their id.');
  addFilters(search).action(
    doing((config, flags: SearchFlags, output, [text]) => listTenants(config, { ...flags, text }, output), end, []),
  );
  const show = tenants
    .command('show')
    .argument('<tenant>', 'its id, or a slug that is or was its own')
    .summary('say all about one')
    .description('Says all that the directory knows of a tenant: former slugs, domains, its last events.');
  addCommonOptions(show).action(doing(showTenant, end, []));
}

function addFilters(command: Command): Command {
  return addCommonOptions(
    command
      .addOption(new Option('--status <status>', 'in this state (default: all but deleted)').choices([...STATUSES]))
      .option('--plan <plan>', 'of this plan')
      .option('--server <server>', 'on this server')
      .option('--after <slug>', 'behind this one, for the next page')
      .option('--limit <n>', 'the most that are shown (default: 50)', numberFrom(1, 1000)),
  );
}

async function listTenants(
  config: TenancyConfig,
  { text, status, plan, server, after, limit }: Search,
  output: Output,
): Promise<number> {
  const given = Object.entries({ text, status, plan, server, after, limit }).filter(([, value]) => value !== undefined);
  const { tenants, next } = await directoryOf(config).search(Object.fromEntries(given));
  for (const tenant of tenants) reportTenant(tenant, output);
  output.object({ type: 'tenants', count: tenants.length, next });
  output.line(tenants.length === 0 ? 'no tenants' : textTable(TENANT_HEADER, tenants.map(tenantRow)));
  if (next !== null) output.line(`\n${counted(tenants.length, 'tenant')}, and more: --after ${next}`);
  return EXIT.done;
}

async function showTenant(config: TenancyConfig, _: CommonFlags, output: Output, [name = '']: readonly string[]) {
  const directory = directoryOf(config);
  const { tenant, formerSlugs, domains, events } = await directory.show((await directory.named(name)).id);
  output.object({ type: 'tenant', ...tenant, formerSlugs, domains, events });
  output.line(textTable(TENANT_HEADER, [tenantRow(tenant)]));
  output.line(`\ncreated   ${tenant.createdAt}\nsettings  ${JSON.stringify(tenant.settings)}`);
  if (formerSlugs.length > 0) output.line(`former    ${formerSlugs.join(', ')}`);
  for (const { domain, verifiedAt } of domains)
    output.line(`domain    ${domain}, ${verifiedAt === null ? 'not proven' : `proven ${verifiedAt}`}`);
  for (const { kind, at } of events) output.line(`event     ${at} ${kind}`);
  return EXIT.done;
}
