import { misconfigured } from '../errors/misconfigured.js';
import type { ClientPerSchemaOptions, TenantScopedOptions } from '../tenant-scoped.js';
import type { PrismaClientLike } from '../tenant-scoped-client.js';

/** The options of `tenantScoped`. The context comes from the `TenancyModule`. */
export type TenantPrismaOptions =
  | (Omit<TenantScopedOptions, 'context'> & { readonly prisma: PrismaClientLike })
  | (Omit<ClientPerSchemaOptions, 'context'> & {
      readonly prisma: (place: { readonly schema: string }) => PrismaClientLike;
    });

type KeysOf<Union> = Union extends unknown ? keyof Union : never;

const KNOWN = {
  prisma: true,
  shared: true,
  writable: true,
  tenantField: true,
  schema: true,
  floor: true,
  maxClients: true,
} satisfies Record<KeysOf<TenantPrismaOptions>, true>;

const MISPLACED: Readonly<Record<string, string>> = {
  name: 'Give it beside `useFactory`, `useClass` or `useExisting`: what is injected must be known before they run.',
  isGlobal: 'Give it beside `useFactory`, `useClass` or `useExisting`.',
  context: 'Leave it out: it is the TenantContext of the TenancyModule.',
};

/**
 * A factory's answer is known when the module is built, and not to the compiler's callers alone.
 *
 * @throws `scope_misconfigured`
 */
export function checkedOptions(options: TenantPrismaOptions | null | undefined): TenantPrismaOptions {
  if (options?.prisma === undefined || options.prisma === null) {
    throw misconfigured('TenantPrismaModule: the option `prisma` is missing. Pass a PrismaClient.');
  }
  for (const option of Object.keys(options)) {
    if (option in KNOWN) continue;
    const fix = MISPLACED[option] ?? `There are ${Object.keys(KNOWN).join(', ')}.`;
    throw misconfigured(`TenantPrismaModule: the option \`${option}\` has no place here. ${fix}`);
  }
  return options;
}
