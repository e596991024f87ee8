import { print } from '../../../../test/oracle/arguments.js';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import { OTHER } from '../../../../test/oracle/random-rows.js';
import { comparesTenant, isOfTheTenant, modelOf, primaryKey, type Relation } from '../../../../test/oracle/schema.js';
import type { Failure } from './compare.js';
import type { Sides } from './sides.js';
import type { Work } from './work.js';

interface Difference {
  readonly sides: Sides;
  readonly given: RandomCase;
  readonly work: Work;
  /** Null where it answered. */
  readonly scoped: Failure | null;
  readonly alone: Failure | null;
  /** True when the tenant that is alone came to have a unique value of the other's. */
  readonly tookKey: boolean;
}

interface Reason {
  readonly is: (difference: Difference) => boolean;
  readonly why: string;
}

const namesOther = ({ work, given }: Difference) => {
  const text = print(work.operations.map(({ args }) => args));
  if (/t_(?!alpha)\w+/.test(text) || text.includes(OTHER.slug)) return true;
  const ids = given.schema.models.flatMap((model) => {
    const keys = model.keys
      .filter(({ fields }) => !fields.includes(given.schema.tenantField))
      .flatMap(({ fields }) => fields);
    return (given.rows.models.get(model.name)?.other ?? []).flatMap((row) => keys.map((key) => row[key]));
  });
  return ids.some(
    (id) =>
      (typeof id === 'number' || typeof id === 'bigint' ? id > 200 : typeof id === 'string' && id.length > 12) &&
      text.includes(String(id)),
  );
};
/** A key of several columns of which each alone is everybody's: the other tenant may have the same. */
const hasSharedKeys = ({ given: { schema } }: Difference) =>
  schema.models.some(
    ({ ownership, keys }) =>
      ownership === 'tenant' && keys.some(({ fields }) => fields.length > 1 && !fields.includes(schema.tenantField)),
  );

/** True when a row of one side refers to one of the other. */
function crosses(
  { rows }: RandomCase,
  { holder, referred, columns, references }: Relation,
  from: 'own' | 'other',
): boolean {
  const to = from === 'own' ? 'other' : 'own';
  const targets = rows.models.get(referred)?.[to] ?? [];
  return (rows.models.get(holder)?.[from] ?? []).some((row) =>
    targets.some((each) => references.every((name, index) => each[name] === row[columns[index] as string])),
  );
}
/** True when one of the tenant's own rows has a link to a row of the other, which dangles where the tenant is alone. */
const hasPlantedLinks = ({ schema, rows }: RandomCase) =>
  schema.links.some(({ name, b }) => {
    const { other = [] } = rows.models.get(b.model) ?? {};
    const [key = ''] = primaryKey(modelOf(schema, b.model)).fields;
    return rows.links.get(name)?.some((link) => link.isOwn && other.some((row) => row[key] === link.b));
  });
const isForeignKey = (failure: Failure | null) =>
  failure !== null &&
  /23503|ER_ROW_IS_REFERENCED|ER_NO_REFERENCED|FOREIGN KEY/i.test(`${failure.code} ${failure.message}`);

export const ROW_BY_ROW =
  'MariaDB deletes row by row in an order of its own, and each changes which of the others the condition holds for';

/** True when a deletion on MariaDB changes rows of the same table, by which it may come to others or miss them. */
export function deletesInAnOrder({ setting }: Sides, { schema }: RandomCase, { operations }: Work): boolean {
  const isOfItself = (model: string) =>
    schema.relations.some((each) => each.holder === model && each.referred === model && each.onDelete === 'SetNull');
  return setting === 'MariaDB' && operations.some(({ kind, model }) => kind === 'delete' && isOfItself(model));
}

/** Refusals of one side alone, and why each is right. Any other is a finding: the list is to stay short. */
const REASONS: readonly Reason[] = [
  { is: (each) => each.scoped?.code === 'tenant_conflict' && namesOther(each), why: 'names another tenant' },
  {
    is: ({ scoped, work }) =>
      scoped?.code === 'tenant_conflict' && work.operations.some(({ kind }) => kind === 'relate'),
    why: 'TypeORM lets a related row go by setting its whole key to null, the tenant in it as well',
  },
  {
    is: (each) =>
      each.scoped?.code === 'tenant_row_unavailable' && (namesOther(each) || hasSharedKeys(each) || each.tookKey),
    why: 'a row or a unique value of another tenant',
  },
  {
    is: ({ scoped, given }) =>
      scoped?.code === 'tenant_row_unavailable' &&
      given.schema.isPlanted &&
      given.schema.relations.some((each) => crosses(given, each, 'own')),
    why: 'writes a planted reference back',
  },
  {
    is: ({ scoped, work }) =>
      scoped?.code === 'scope_refused' &&
      work.operations.every(({ kind, args }) => kind === 'call' && !args['isHarmless']),
    why: 'calls a function that runs SQL',
  },
  {
    is: ({ scoped, given }) =>
      !scoped?.isScope && isForeignKey(scoped) && given.schema.relations.some((each) => crosses(given, each, 'other')),
    why: "another tenant's row refers to it, and the database holds it",
  },
  {
    is: ({ scoped, alone, sides, given: { schema } }) =>
      sides.setting === 'SQLite' &&
      scoped === null &&
      alone?.message.trim().endsWith(`.${schema.tenantColumn}`) === true &&
      alone.message.includes('NOT NULL constraint failed'),
    why: 'SQLite: TypeORM writes null instead of the default where a relation names a row without the tenant',
  },
  {
    is: ({ scoped, alone, work, sides, given }) =>
      sides.setting === 'SQLite' &&
      alone === null &&
      isForeignKey(scoped) &&
      work.operations.some(({ kind }) => kind === 'remove' || kind === 'delete') &&
      hasPlantedLinks(given),
    why: 'SQLite balances a reference that is broken with a dangling link that goes, where the tenant is alone',
  },
  {
    is: ({ scoped, work, sides, given }) => isForeignKey(scoped) && deletesInAnOrder(sides, given, work),
    why: ROW_BY_ROW,
  },
  {
    is: ({ scoped, work, sides, given: { schema } }) =>
      sides.setting === 'MariaDB' &&
      scoped?.code === 'tenant_row_unavailable' &&
      work.operations.some(
        ({ kind, model }) =>
          kind === 'orIgnore' && schema.relations.some((each) => each.holder === model && comparesTenant(schema, each)),
      ),
    why: 'MariaDB leaves a row out whose foreign key names none as well, and does not say which it was',
  },
  {
    is: ({ alone, given }) => isForeignKey(alone) && given.schema.relations.some((each) => crosses(given, each, 'own')),
    why: 'a planted reference dangles where the tenant is alone',
  },
  {
    is: ({ scoped, work, given }) =>
      scoped?.code === 'tenant_conflict' &&
      given.schema.relations.some(
        (each) =>
          isOfTheTenant(given.schema, each) &&
          print(work.operations.map(({ args }) => args)).includes(`${each.field}: null`),
      ),
    why: "takes a row away from its tenant by the relation to the tenants' own table",
  },
  {
    is: (each) =>
      /23505|ER_DUP_ENTRY|UNIQUE/i.test(`${each.scoped?.code} ${each.scoped?.message}`) &&
      (namesOther(each) ||
        hasSharedKeys(each) ||
        each.tookKey ||
        each.given.schema.relations.some((relation) => relation.isOneToOne && crosses(each.given, relation, 'other'))),
    why: 'a unique value without the tenant, which the other tenant has',
  },
  {
    // TypeORM itself leaves it out of the foreign key where a relation names a row by the rest.
    is: ({ scoped, alone, given }) =>
      scoped === null &&
      isForeignKey(alone) &&
      given.schema.relations.some((each) => comparesTenant(given.schema, each)),
    why: 'the scope alone knows the tenant of a row that a relation names without it',
  },
  {
    is: ({ scoped, alone }) => scoped === null && alone?.code === 'QueryFailed 42601',
    why: 'TypeORM itself sets a column twice that is in the keys of two relations',
  },
  {
    is: ({ scoped, alone }) => scoped === null && alone?.code === 'UpdateValuesMissingError',
    why: "TypeORM's own error where an update has nothing but the tenant to set",
  },
  {
    is: ({ scoped, work, given }) =>
      scoped?.code === 'tenant_row_unavailable' &&
      work.operations.some(
        ({ kind, model, args }) =>
          kind === 'upsert' &&
          given.schema.relations.some(
            ({ holder, referred, columns }) =>
              holder === model &&
              referred === model &&
              columns.some((column) => (args['paths'] as string[]).includes(column)),
          ),
      ),
    why: 'an upsert by a foreign key that changes with the key of the very row',
  },
  {
    is: ({ scoped, work }) =>
      scoped?.code === 'tenant_row_unavailable' &&
      work.together === 'transaction' &&
      work.operations.some(({ kind }) => kind === 'remove') &&
      work.operations.some(({ kind }) => kind === 'relate'),
    why: 'names a row that the same work has removed',
  },
];

export function reasonOf(difference: Difference): string | null {
  return REASONS.find(({ is }) => is(difference))?.why ?? null;
}
