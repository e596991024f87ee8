import type { RandomCase } from './random-case.js';
import type { Value } from './random-rows.js';
import { modelOf, primaryKey, type Relation } from './schema.js';

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
