import type { RandomCase } from './random-case.js';
import type { Value } from './random-rows.js';
import { comparesTenant, modelOf, primaryKey, type RandomSchema, type Relation } from './schema.js';
import { keyAt, rowsOf } from './snapshot-rows.js';
import type { Snapshot } from './sql.js';

/** True when a row of one tenant refers to one of the other by the relation. */
export function crosses(
  { rows }: RandomCase,
  { holder, referred, columns, references }: Relation,
  from: 'own' | 'other',
): boolean {
  const targets = rows.models.get(referred)?.[from === 'own' ? 'other' : 'own'] ?? [];
  return (rows.models.get(holder)?.[from] ?? []).some((row) =>
    targets.some((each) => references.every((name, index) => each[name] === row[columns[index] as string])),
  );
}

/** True when anything among the rows leads from one tenant to the other: a foreign key or a link. */
export function crossesTenants(given: RandomCase): boolean {
  const { schema, rows } = given;
  if (schema.relations.some((each) => crosses(given, each, 'own') || crosses(given, each, 'other'))) return true;
  const has = (model: string, who: 'own' | 'other', value: Value) => {
    const [key = ''] = primaryKey(modelOf(schema, model)).fields;
    return rows.models.get(model)?.[who].some((row) => row[key] === value) === true;
  };
  return schema.links.some(({ name, a, b }) =>
    (rows.links.get(name) ?? []).some(
      (link) =>
        (has(a.model, 'own', link.a) && has(b.model, 'other', link.b)) ||
        (has(a.model, 'other', link.a) && has(b.model, 'own', link.b)),
    ),
  );
}

/** How many of the own rows refer to a row of the other tenant, by each relation. */
export function countCrossings(
  schema: RandomSchema,
  own: readonly string[],
  other: readonly string[],
): Map<Relation, number> {
  const counts = new Map<Relation, number>();
  for (const relation of schema.relations) {
    if (comparesTenant(schema, relation)) continue;
    const [holder, referred] = [modelOf(schema, relation.holder), modelOf(schema, relation.referred)];
    const [at, of] = [
      relation.columns.map((column) => holder.fields.findIndex(({ name }) => name === column)),
      relation.references.map((column) => referred.fields.findIndex(({ name }) => name === column)),
    ];
    const theirs = new Set(rowsOf(referred, other).map((row) => keyAt(row, of)));
    const crossing = rowsOf(holder, own).filter((row) => {
      const key = keyAt(row, at);
      return key !== null && theirs.has(key);
    });
    if (crossing.length > 0) counts.set(relation, crossing.length);
  }
  return counts;
}

/** True when more of the own rows refer to the other tenant's than before. */
export function cameToCross(schema: RandomSchema, before: Snapshot, after: Snapshot): boolean {
  const known = countCrossings(schema, before.own, before.other);
  return [...countCrossings(schema, after.own, after.other)].some(
    ([relation, count]) => count > (known.get(relation) ?? 0),
  );
}
