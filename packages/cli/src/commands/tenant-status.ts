import type { DirectoryTenant } from '@tenancy/postgres/tenants';
import type { Command } from 'commander';
import { EXIT } from '../errors/exit-code.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { type ConfiguredDirectory, directoryOf, reportTenant } from './tenants-common.js';

/** A change of one tenant, told the further arguments. */
type Change = (
  directory: ConfiguredDirectory,
  id: string,
  args: readonly string[],
) => Promise<DirectoryTenant<unknown>>;

/** Adds `tenancy suspend`, `tenancy resume` and `tenancy rename`. */
export function addTenantStatus(program: Command, end: (code: number) => void): void {
  const add = (command: Command, change: Change, word: (tenant: DirectoryTenant<unknown>) => string) =>
    addCommonOptions(command).action(
      doing<CommonFlags>(
        async (config, _, output, [name = '', ...args]) => {
          const directory = directoryOf(config);
          const { id } = await directory.named(name);
          const tenant = await change(directory, id, args);
          reportTenant(tenant, output);
          output.line(`${tenant.slug} (${tenant.id}) ${word(tenant)}`);
          return EXIT.done;
        },
        end,
        [],
      ),
    );
  const about = 'its id, or a slug that is or was its own';
  add(
    program
      .command('suspend')
      .argument('<tenant>', about)
      .summary('let nobody of a tenant in')
      .description('Lets nobody of a tenant in, at once in every process that listens, until it is resumed.'),
    (directory, id) => directory.suspend(id),
    () => 'is suspended',
  );
  add(
    program
      .command('resume')
      .argument('<tenant>', about)
      .summary('let a suspended tenant in again')
      .description('Lets the people of a suspended tenant in again.'),
    (directory, id) => directory.resume(id),
    () => 'is active',
  );
  add(
    program
      .command('rename')
      .argument('<tenant>', about)
      .argument('<slug>', 'the new slug')
      .summary('give a tenant another slug')
      .description("Gives a tenant another slug. The old one leads to it still, and never becomes another tenant's."),
    (directory, id, [slug = '']) => directory.rename(id, slug),
    ({ slug }) => `has the slug ${slug}`,
  );
}
