import type { ClientBase } from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../../errors/require-arguments.js';
import type { PlaceKind } from '../../isolation/tenant-place.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import type { NewTenant } from '../directory/new-tenant.js';
import type { TenantDirectory } from '../directory/tenant-directory.js';
import type { TenantPlaces } from '../places/tenant-places.js';

/** A tenant that is to be provisioned: its place is made, and nobody finds it before. */
export type ProvisionedTenant<Settings = Readonly<Record<string, unknown>>> = Omit<
  NewTenant<Settings>,
  'place' | 'status'
>;

/** Options of `provisionTenant`. */
export interface ProvisionTenantOptions<Settings = Readonly<Record<string, unknown>>> {
  /** The directory that it is entered in, by a role that may write it. */
  readonly directory: TenantDirectory<Settings>;
  /** The servers, of `tenantPlaces`. */
  readonly places: TenantPlaces;
  /** The tenant that is to be: its slug at least. */
  readonly tenant: ProvisionedTenant<Settings>;
  /**
   * The server and the kind of place, each by itself.
   * @defaultValue those of the option `place` of the directory
   */
  readonly at?: { readonly server?: string; readonly kind?: PlaceKind };
  /**
   * Writes what the tenant has from its first moment on, such as its first user. It runs in the transaction of the place, as the application's
   * role, with the tenant bound and tables found as the application finds them. Its statements are refused as the tenant pool refuses them, and where
   * they set the role, or begin or end a transaction; savepoints work.
   * @defaultValue nothing is written
   */
  readonly seed?: (client: ClientBase, tenant: DirectoryTenant<Settings>) => Promise<void>;
  /**
   * Ends it before its commit, with nothing left.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
}

export type ResolvedProvisionOptions<Settings> = Required<
  Omit<ProvisionTenantOptions<Settings>, 'at' | 'seed' | 'signal'>
> & {
  readonly at: { readonly server: string; readonly kind: PlaceKind };
  readonly seed: ProvisionTenantOptions<Settings>['seed'] | undefined;
  readonly signal: AbortSignal | undefined;
};

const KNOWN = ['directory', 'places', 'tenant', 'at', 'seed', 'signal'];
const KINDS = ['rows', 'schema', 'database'];

/** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
export function resolveProvisionOptions<Settings>(
  place: string,
  options: ProvisionTenantOptions<Settings>,
): ResolvedProvisionOptions<Settings> {
  requireOptions(place, options, 'directory');
  refuseUnknown(place, options, KNOWN);
  const { directory, places, tenant, seed, signal } = options;
  requireHomes(place, options);
  requireOptions(`${place}: tenant`, tenant, 'slug');
  refuseUnknown(`${place}: tenant`, tenant, ['slug', 'id', 'name', 'plan', 'settings']);
  const { at = {} } = options;
  requireOptions(`${place}: at`, at, 'server');
  refuseUnknown(`${place}: at`, at, ['server', 'kind']);
  const usual = directory.options.place;
  const { server = usual.server, kind = usual.kind } = at;
  requireName(`${place}: at`, 'server', server);
  if (!KINDS.includes(kind)) {
    throw misconfigured(`${place}: the option \`at.kind\` is ${said(kind)}. Use one of ${KINDS.join(', ')}.`);
  }
  if (seed !== undefined && typeof seed !== 'function') {
    throw misconfigured(`${place}: the option \`seed\` is ${said(seed)}. Pass a function.`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw misconfigured(`${place}: the option \`signal\` is ${said(signal)}. Pass the signal of an AbortController.`);
  }
  return { directory, places, tenant, at: { server, kind }, seed, signal };
}

/** @throws TenantFloorError `floor_misconfigured`. */
export function requireHomes(
  place: string,
  { directory, places }: { readonly directory: unknown; readonly places: unknown },
): void {
  // Either may be of another copy of the package.
  for (const [option, value, method, maker] of [
    ['directory', directory, 'record', 'a TenantDirectory'],
    ['places', places, 'placeFor', 'what `tenantPlaces` answers with'],
  ] as const) {
    if (typeof (value as object as Readonly<Record<string, unknown>> | null | undefined)?.[method] === 'function')
      continue;
    throw misconfigured(`${place}: the option \`${option}\` is ${said(value)}. Pass ${maker}.`);
  }
}
