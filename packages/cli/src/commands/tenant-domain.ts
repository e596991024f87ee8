import type { ClaimedDomain } from '@tenancy/postgres/tenants';
import type { Command } from 'commander';
import { EXIT } from '../errors/exit-code.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { type ConfiguredDirectory, directoryOf } from './tenants-common.js';

/** The change of a domain of one tenant. */
type Change = (directory: ConfiguredDirectory, id: string, domain: string) => Promise<ClaimedDomain | null>;

/** Adds `tenancy domain`, with `claim`, `verify` and `remove`. */
export function addTenantDomain(program: Command, end: (code: number) => void): void {
  const domain = program
    .command('domain')
    .summary('let a tenant have a domain of its own')
    .description('Lets a tenant be found by a domain of its own, once DNS proves that it is.');
  const add = (name: string, summary: string, description: string, change: Change) =>
    addCommonOptions(
      domain
        .command(name)
        .argument('<tenant>', 'its id, or a slug that is or was its own')
        .argument('<domain>', 'such as careers.acme.com')
        .summary(summary)
        .description(description),
    ).action(
      doing<CommonFlags>(
        async (config, _, output, [tenant = '', given = '']) => {
          const directory = directoryOf(config);
          const { id, slug } = await directory.named(tenant);
          const claimed = await change(directory, id, given);
          output.object({ type: 'domain', tenant: id, ...(claimed ?? { domain: given, removed: true }) });
          output.line(claimed ? said(slug, claimed) : `${given} leads to ${slug} (${id}) no more`);
          return EXIT.done;
        },
        end,
        [],
      ),
    );
  add(
    'claim',
    'say which record of DNS proves a domain',
    'Writes down that a tenant claims a domain, and says which record of DNS proves it. Nobody is let in by it yet.',
    (directory, id, name) => directory.claimDomain(id, name),
  );
  add(
    'verify',
    'let people in by a domain that is proven',
    'Looks into DNS, and lets people in by a domain that is proven there.',
    (directory, id, name) => directory.verifyDomain(id, name),
  );
  add(
    'remove',
    'let nobody in by a domain',
    'Lets nobody in by a domain any more, and forgets the claim.',
    (directory, id, name) => directory.removeDomain(id, name).then(() => null),
  );
}

function said(slug: string, { domain, verifiedAt, record: { type, name, value } }: ClaimedDomain): string {
  if (verifiedAt !== null) return `${domain} leads to ${slug}`;
  return `${domain} leads to ${slug} once DNS has this record and \`tenancy domain verify\` has seen it:\n\n${name}  ${type}  ${value}`;
}
