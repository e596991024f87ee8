import type { Leftover, LoadedModule } from './leftovers.js';
import { isWall } from './wall.js';

/** Nest's names, in each of its versions. */
const REGISTRY = 'SchedulerRegistry';
const SCHEDULE_MODULE = 'ScheduleModule';

/** B1: in a registry of Nest's own, a job that a request adds is its tenant's for ever. */
export function* rawSchedule(module: LoadedModule): Iterable<Leftover> {
  // By the name of who imports it, which is where the fix goes. Nest adds what is global to the imports of all.
  for (const imported of module.imports) {
    if (imported.name !== SCHEDULE_MODULE || !hasRawRegistry(imported) || !declaresSchedule(module.metatype)) continue;
    yield {
      option: module.name,
      problem: 'imports ScheduleModule, in whose registry a job is for ever that of the tenant which adds it',
      fix: 'Import `TenantScheduleModule` from @tenancy/core/schedule in its place, with the same options.',
    };
  }
}

function hasRawRegistry({ providers }: LoadedModule): boolean {
  for (const [token, { instance }] of providers) {
    // A test may have put something in the place of the library's own.
    if (typeof token === 'function' && token.name === REGISTRY && instance && !isWall(instance)) {
      return (instance as object).constructor === token;
    }
  }
  return false;
}

function declaresSchedule(metatype: object): boolean {
  const imports = (Reflect.getMetadata('imports', metatype) ?? []) as readonly unknown[];
  const nameOf = (imported: unknown) =>
    ((imported as { readonly module?: unknown } | null)?.module ?? imported) as { readonly name?: unknown } | null;
  return imports.some((imported) => nameOf(imported)?.name === SCHEDULE_MODULE && !isWall(imported));
}
