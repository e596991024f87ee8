import type { Case } from './case.js';
import { AGGREGATES, BESIDE, CHANGES, FILTERS, JSON_BESIDE, LIST_FILTERS, SAMPLES } from './column-options.js';
import { inputTypes } from './declared.js';

/** With the type and the key that it is about. */
type ColumnCase = Case & { readonly name: string };

const fieldsOf = (type: string) => inputTypes.get(type)?.fields ?? [];

/** Each column with each filter that its type has, in `where` and in `having`, and with each change. */
export function columnCases(): readonly ColumnCase[] {
  return [...filters('Job'), ...filters('Bag'), ...havings(), ...changes()];
}

function filters(model: string): ColumnCase[] {
  return parts(`${model}WhereInput`, /(?<!Relation)Filter$/).map(({ column, type, key, sample }) => {
    const asked = (type.endsWith('ListFilter') ? LIST_FILTERS : FILTERS)[key]?.(sample);
    const where = { OR: [{ [column]: { ...beside(key, type), [key]: asked } }, { id: { contains: '-' } }] };
    return passes(`${type}.${key}`, model, 'findMany', () => ({ where, orderBy: { id: 'asc' } }));
  });
}

function havings(): ColumnCase[] {
  return parts('JobScalarWhereWithAggregatesInput', /WithAggregatesFilter$/).map(({ column, type, key, sample }) => {
    const asked = { ...beside(key, type), [key]: (AGGREGATES[key] ?? FILTERS[key])?.(sample) };
    const having = { OR: [{ [column]: asked }, { title: { _count: { gte: 1 } } }] };
    return passes(`${type}.${key}`, 'Job', 'groupBy', () => ({
      by: ['title', ...(column === 'title' ? [] : [column])],
      having,
      _count: true,
      orderBy: [{ title: 'asc' }, { [column]: 'asc' }],
    }));
  });
}

function changes(): ColumnCase[] {
  return parts('JobUpdateInput', /FieldUpdateOperationsInput$/)
    .filter(({ column }) => !/^(?:id|tenantId)$/.test(column))
    .map(({ column, type, key, sample }) =>
      passes(`${type}.${key}`, 'Job', 'update', (slug) => ({
        where: { id: `${slug}-job-1` },
        data: { note: 'changed', [column]: { [key]: CHANGES[key]?.(sample) } },
      })),
    );
}

const passes = (name: string, model: string, operation: string, args: Case['args']): ColumnCase => ({
  name,
  is: 'passes',
  model: model.toLowerCase(),
  operation,
  args,
});

function beside(key: string, type: string): object | undefined {
  if (/Uuid/.test(type)) return key === 'mode' ? { equals: SAMPLES['Uuid'] } : undefined;
  return (/Json/.test(type) ? JSON_BESIDE : BESIDE)[key];
}

/** Every key of the types of this kind that a type's columns have. */
function parts(name: string, kind: RegExp) {
  return fieldsOf(name).flatMap(({ name: column, inputTypes: types }) => {
    const type = types.find((each) => kind.test(each.type))?.type ?? '';
    const [, of = ''] = new RegExp(`^(?:Nullable)?(${Object.keys(SAMPLES).join('|')})`).exec(type) ?? [];
    if (!of) return [];
    return fieldsOf(type).map(({ name: key }) => ({
      column,
      type,
      key,
      sample: SAMPLES[column.startsWith('uuid') ? 'Uuid' : of],
    }));
  });
}
