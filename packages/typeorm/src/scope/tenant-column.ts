import { misconfigured } from '../errors/misconfigured.js';
import type { Column, DataSource, Metadata } from '../typeorm-internals.js';

/**
 * The properties a column must have, for conditions on it to mean what they say where the database does not hold tenants apart.
 *
 * @throws `scope_misconfigured`
 */
export function checkTenantColumn(entity: Metadata, column: Column): void {
  const { databaseName, isInsert, transformer } = column;
  const place = `tenantScoped: ${entity.name}.${column.propertyPath}`;
  if (transformer) {
    throw misconfigured(
      `${place} has a transformer, so that two tenants' ids might be stored as one. Store the id as it is.`,
    );
  }
  if (!isInsert) {
    throw misconfigured(`${place} is \`insert: false\`, so that new rows are not stamped. Take that option away.`);
  }
  const another = entity.columns.find(
    (each) => each !== column && each.databaseName.toLowerCase() === databaseName.toLowerCase(),
  );
  if (another) {
    throw misconfigured(
      `${place} is in one column with ${another.propertyPath}, which would move rows. Take that property away.`,
    );
  }
}

/** True when the database compares the column as a number. */
export function holdsNumbers(column: Column, { driver }: DataSource): boolean {
  return /^(?:int|integer|(?:big|small|tiny|medium|unsigned big )int|int\d|serial|decimal|numeric|number|float|double|real)/i.test(
    driver.normalizeType(column),
  );
}

/** @throws `scope_misconfigured` for an entity without the tenant over the table of one with it. */
export function checkTables(owned: Iterable<Metadata>, unlimited: Iterable<Metadata>): void {
  const tables = new Map([...owned].map((entity) => [entity.tablePath.toLowerCase(), entity]));
  for (const entity of unlimited) {
    const other = tables.get(entity.tablePath.toLowerCase());
    if (!other) continue;
    throw misconfigured(
      `tenantScoped: ${entity.name} is shared, and is the same table as ${other.name}, which belongs to tenants. Give ${entity.name} ` +
        'the tenant property as well.',
    );
  }
}
