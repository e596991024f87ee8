import type { Leftover, LoadedModule } from './leftovers.js';
import { isWall } from './wall.js';

/** Nest's token and the name of its module, in each of its versions. */
const CACHE_MANAGER = 'CACHE_MANAGER';
const CACHE_MODULE = 'CacheModule';

/** K9: a cache of Nest's own `CacheModule` is everybody's, whatever the application's other modules import. */
export function* rawCache(module: LoadedModule): Iterable<Leftover> {
  // By the name of who imports it, which is where the fix goes. Nest adds what is global to the imports of all.
  for (const imported of module.imports) {
    const isOwn = !imported.isGlobal || declaresCacheModule(module.metatype);
    if (isOwn && imported.name === CACHE_MODULE && hasRawCache(imported))
      yield leftover(module, 'imports CacheModule, whose');
  }
  if (hasRawCache(module)) yield leftover(module, 'provides CACHE_MANAGER, whose');
}

function hasRawCache({ metatype, providers }: LoadedModule): boolean {
  const provided = providers.get(CACHE_MANAGER);
  // A test may have put something in the place of the library's own.
  return provided !== undefined && !isWall(metatype) && !isWall(provided.instance);
}

function declaresCacheModule(metatype: object): boolean {
  const imports = (Reflect.getMetadata('imports', metatype) ?? []) as readonly unknown[];
  const nameOf = (imported: unknown) =>
    ((imported as { readonly module?: unknown } | null)?.module ?? imported) as { readonly name?: unknown } | null;
  return imports.some((imported) => nameOf(imported)?.name === CACHE_MODULE);
}

const leftover = ({ name }: LoadedModule, what: string): Leftover => ({
  option: name,
  problem: `${what} entries are the same for all tenants`,
  fix:
    'Import `TenantCacheModule` from @tenancy/core/cache in its place, with the same options; ' +
    "what is everybody's on purpose goes into `TenantCache.shared(name)`.",
});
