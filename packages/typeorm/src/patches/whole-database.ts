import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { DataSourceScope } from '../scope/data-source-scope.js';

/** The methods by which `sql.js` gives and takes its whole database, with every tenant's rows in it. */
export interface WholeDatabaseDriver {
  export?(...args: readonly unknown[]): unknown;
  save?(...args: readonly unknown[]): unknown;
  load?(...args: readonly unknown[]): unknown;
  autoSave?(...args: readonly unknown[]): unknown;
}

/**
 * T12: no tenant exports, saves or replaces the database that lives in this process. Saving by itself after a change, as the
 * data source's options have it, goes on.
 *
 * @param replace puts a method in another's place until the data source is destroyed.
 */
export function holdWholeDatabase(
  driver: WholeDatabaseDriver,
  { context }: DataSourceScope,
  replace: (name: keyof WholeDatabaseDriver, by: (...args: readonly unknown[]) => unknown) => void,
): void {
  const { autoSave } = driver;
  if (typeof autoSave !== 'function') return;
  let isSaving = false;
  replace('autoSave', (...args) => {
    isSaving = true;
    try {
      // It calls the others before it awaits anything.
      return Reflect.apply(autoSave, driver, args);
    } finally {
      isSaving = false;
    }
  });
  for (const name of ['export', 'save', 'load'] as const) {
    const original = driver[name];
    if (!original) continue;
    replace(name, (...args) => {
      if (isSaving || !context.isActive()) return Reflect.apply(original, driver, args);
      throw new TenantScopeError(
        'scope_refused',
        `\`${name}Database\` is about every tenant's rows, and was called inside a tenant's context. Call it outside of any.`,
      );
    });
  }
}
