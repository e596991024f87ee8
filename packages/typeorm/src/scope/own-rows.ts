import type { Builder, Metadata } from '../typeorm-internals.js';
import { ownRowsAlone } from './conditions.js';

interface ReadBuilder {
  leftJoin(target: unknown, alias: string, condition: string): ReadBuilder;
  select(selection: string, alias: string): ReadBuilder;
  from(target: unknown, alias: string): ReadBuilder;
  where(condition: string, parameters: object): ReadBuilder;
  withDeleted(): ReadBuilder;
  setOption(option: 'disable-global-order'): ReadBuilder;
  getRawOne(): Promise<{ readonly found: unknown } | undefined>;
}

/** Rows of another entity that are the tenant's, where there are any. */
interface Join {
  readonly to: Metadata;
  readonly alias: string;
  readonly condition: string;
}

/**
 * How many of the tenant's own rows a condition holds for, deleted ones too, on the connection that `builder` writes with.
 *
 * @param takesShared - whether everybody's rows count as well.
 */
export async function countOwnRows(
  builder: Builder,
  { target, name }: Metadata,
  alias: string,
  condition: string,
  parameters: object,
  takesShared = false,
  join?: Join,
): Promise<number> {
  const source = builder.dataSource ?? builder.connection;
  const query = source?.createQueryBuilder(builder.queryRunner) as ReadBuilder & Builder;
  if (!takesShared) ownRowsAlone(query);
  const rows = query
    .select('COUNT(*)', 'found')
    .from(target ?? name, alias)
    .withDeleted();
  if (join) rows.leftJoin(join.to.target ?? join.to.name, join.alias, join.condition);
  const result = await rows
    .where(condition, parameters)
    // An entity's own order has no place where rows are counted.
    .setOption('disable-global-order')
    .getRawOne();
  return Number(result?.found ?? 0);
}
