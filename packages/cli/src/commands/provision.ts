import type { PlaceKind, ProvisionPlan, ProvisionTenantOptions } from '@tenancy/postgres/tenants';
import { type Command, Option } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import { Interruption } from '../interruption.js';
import type { Output } from '../output/output.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { given } from './run-options.js';
import { directoryOf, placeInWords, placesOf, reportTenant } from './tenants-common.js';

interface ProvisionFlags extends CommonFlags {
  readonly id?: string;
  readonly name?: string;
  readonly plan?: string;
  readonly kind?: PlaceKind;
  readonly server?: string;
  readonly dryRun?: boolean;
  readonly abandon?: boolean;
}

/** Adds `tenancy provision`. */
export function addProvision(program: Command, end: (code: number) => void): void {
  const command = program
    .command('provision')
    .argument('<slug>', 'the label of its host')
    .summary('make a tenant with its schema or database')
    .description(
      'Makes a tenant with its place, at the current version of the migrations: all of it, or nothing. Called again after it was killed, it finishes.',
    )
    .option('--name <name>', 'the name for people (default: the slug)')
    .option('--plan <plan>', 'the plan')
    .option('--id <id>', 'the id (default: a random one)')
    .addOption(
      new Option('--kind <kind>', 'the kind of place (default: that of the directory)').choices([
        ...['rows', 'schema', 'database'],
      ]),
    )
    .option('--server <server>', 'a server of `places` (default: that of the directory)')
    .option('--dry-run', 'show what would be made, and make nothing')
    .addOption(
      new Option('--abandon', 'take back what a killed provisioning or import has left').conflicts([
        ...['dryRun', 'name', 'plan', 'id', 'kind', 'server'],
      ]),
    );
  addCommonOptions(command, { hasDirectory: false }).action(doing(provision, end, []));
}

async function provision(
  config: TenancyConfig,
  { id, name, plan, kind, server, dryRun, abandon }: ProvisionFlags,
  output: Output,
  [slug = '']: readonly string[],
): Promise<number> {
  const { abandonProvisioning, provisionTenant, provisionPlan } = await import('@tenancy/postgres/tenants');
  const options: ProvisionTenantOptions<unknown> = {
    directory: directoryOf(config),
    places: placesOf(config),
    tenant: { slug, ...given({ id, name, plan }) },
    at: given({ server, kind }),
  };
  if (abandon) {
    const { directory, places } = options;
    await abandonProvisioning({ directory, places, slug });
    output.object({ type: 'abandoned', slug });
    output.line(`nothing is left of ${slug}, and the slug is free`);
    return EXIT.done;
  }
  if (dryRun) {
    reportPlan(await provisionPlan(options), output);
    return EXIT.done;
  }
  const interruption = new Interruption(() =>
    output.note('It ends here, and nothing is left of it. Once more ends it at once.'),
  );
  try {
    const tenant = await provisionTenant({ ...options, signal: interruption.signal });
    reportTenant(tenant, output);
    output.line(`${tenant.slug} (${tenant.id}) is active, ${placeInWords(tenant.place)}`);
    return EXIT.done;
  } finally {
    interruption.close();
  }
}

function reportPlan({ slug, place, isUnfinished, sql }: ProvisionPlan, output: Output): void {
  output.object({ type: 'plan', slug, place, isUnfinished, sql });
  if (output.isJson) return;
  output.note(`${slug} ${isUnfinished ? 'was begun and not finished, and is' : 'would be'} ${placeInWords(place)}`);
  if (sql !== '') output.raw(`${sql}\n`);
}
