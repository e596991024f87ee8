import { type Call, type Rule, refused, refusedRelation } from './call.js';
import { entriesOf, structure } from './structure.js';

/** `select` and `omit` of columns. P21: what they leave out never matters, because every protection is in the query. */
export const columns: Rule = (value, call, argument) => {
  if (value === undefined || value === null) return undefined;
  return structure(entriesOf(value, call, argument).filter(([key, entry]) => isColumn(key, entry, call, argument)));
};

function isColumn(key: string, value: unknown, call: Call, argument: string): boolean {
  const field = call.model.fields.get(key);
  if (field?.kind === 'scalar') return true;
  if (field && value === false) return false;
  if (field) throw refusedRelation(call, argument, key);
  throw refused(call, `\`${argument}\` names ${JSON.stringify(key)}, which is no column`, 'Remove it.');
}

/** `_count`, `_sum` and the like: over columns, or over all rows. */
export const aggregated: Rule = (value, call, argument) => {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  return structure(
    entriesOf(value, call, argument).filter(([key, entry]) => key === '_all' || isColumn(key, entry, call, argument)),
  );
};

/** `by` and `distinct`: names of columns. */
export const columnNames: Rule = (value, call, argument) => {
  for (const name of Array.isArray(value) ? value : [value]) {
    if (name === undefined || call.model.fields.get(String(name))?.kind === 'scalar') continue;
    throw refused(call, `\`${argument}\` names ${JSON.stringify(name)}, which is no column`, 'Name columns only.');
  }
  return Array.isArray(value) ? [...value] : value;
};

export const include: Rule = (value, call, argument) => {
  if (value === null) return undefined;
  const relation = entriesOf(value, call, argument).find(([, entry]) => entry !== false);
  if (relation) throw refusedRelation(call, argument, relation[0]);
  return undefined;
};
