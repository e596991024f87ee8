import type { PoolConfig } from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireList, requireName, requireOptions, said } from '../../errors/require-arguments.js';
import { requireConnectionOption } from '../../errors/require-connection.js';
import { requirePlace, type TenantPlace } from '../../isolation/tenant-place.js';
import { lookupTxt, type TxtLookup } from './domains.js';

/** A schema of the Standard Schema kind, as zod, valibot and arktype have them. */
export interface SettingsSchema<Settings> {
  readonly '~standard': {
    readonly validate: (value: unknown) => SettingsVerdict<Settings> | Promise<SettingsVerdict<Settings>>;
    readonly types?: { readonly output: Settings } | undefined;
  };
}

/** The answer of a {@link SettingsSchema}. */
export type SettingsVerdict<Settings> =
  | { readonly value: Settings; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** Options of `TenantDirectory`. */
export interface TenantDirectoryOptions<Settings = Readonly<Record<string, unknown>>> {
  /** The database that holds the directory, as a URL or as `pg` takes it, with a role that owns its tables or may read and write them. */
  readonly connection: string | PoolConfig;
  /**
   * The database as it is reached for hearing of changes: not through a pooler that shares sessions, such as PgBouncer by transactions.
   * @defaultValue `connection`
   */
  readonly listen?: string | PoolConfig;
  /**
   * The schema of its tables.
   * @defaultValue `'tenancy'`
   */
  readonly schema?: string;
  /**
   * Slugs that no tenant may have, as those of `fromSubdomain`.
   * @defaultValue `['www', 'api', 'app', 'admin']`
   */
  readonly reserved?: readonly string[];
  /**
   * Plans that there are.
   * @defaultValue any text
   */
  readonly plans?: readonly string[];
  /**
   * The shape of `settings`, of the Standard Schema kind: asked before they are written.
   * @defaultValue any object
   */
  readonly settings?: SettingsSchema<Settings>;
  /**
   * The place of a new tenant's data.
   * @defaultValue `{ server: 'main', kind: 'rows', name: null }`
   */
  readonly place?: TenantPlace;
  /**
   * Asks DNS for the TXT records of a name, for domains of tenants' own.
   * @defaultValue the servers that the machine asks, with 3 seconds for each of two tries
   */
  readonly resolveTxt?: TxtLookup;
}

export type ResolvedDirectoryOptions<Settings> = Required<
  Omit<TenantDirectoryOptions<Settings>, 'plans' | 'settings'>
> &
  Pick<TenantDirectoryOptions<Settings>, 'plans' | 'settings'>;

const KNOWN = ['connection', 'listen', 'schema', 'reserved', 'plans', 'settings', 'place', 'resolveTxt'];

/** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
export function resolveDirectoryOptions<Settings>(
  options: TenantDirectoryOptions<Settings>,
): ResolvedDirectoryOptions<Settings> {
  requireOptions('TenantDirectory', options, 'connection');
  refuseUnknown('TenantDirectory', options, KNOWN);
  const { schema = 'tenancy', reserved = ['www', 'api', 'app', 'admin'], plans, settings, connection } = options;
  const { listen = connection } = options;
  const { place = { server: 'main', kind: 'rows', name: null } } = options;
  for (const [option, value] of Object.entries({ connection, listen })) {
    requireConnectionOption('TenantDirectory', option, value);
  }
  requireName('TenantDirectory', 'schema', schema);
  requireList('TenantDirectory', 'reserved', reserved);
  if (plans !== undefined) requireList('TenantDirectory', 'plans', plans);
  if (settings !== undefined && typeof settings?.['~standard']?.validate !== 'function') {
    throw misconfigured(
      `TenantDirectory: the option \`settings\` is ${said(settings)}, and no schema of the Standard Schema kind. Pass one, as zod makes them.`,
    );
  }
  const { resolveTxt = lookupTxt } = options;
  if (typeof resolveTxt !== 'function') {
    throw misconfigured(
      `TenantDirectory: the option \`resolveTxt\` is ${said(resolveTxt)}. Pass a function, as that of node:dns/promises.`,
    );
  }
  requirePlace('TenantDirectory', place);
  return {
    connection,
    listen,
    schema,
    reserved,
    place,
    resolveTxt,
    ...(plans && { plans }),
    ...(settings && { settings }),
  };
}
