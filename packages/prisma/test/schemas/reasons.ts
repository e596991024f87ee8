import { print } from '../../../../test/oracle/arguments.js';
import { crosses, crossesTenants } from '../../../../test/oracle/crossing.js';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import { OTHER } from '../../../../test/oracle/random-rows.js';
import { isOfTheTenant } from '../../../../test/oracle/schema.js';
import type { Failure } from './compare.js';
import type { Sides } from './sides.js';
import { isRead, type Work } from './work.js';

interface Difference {
  readonly sides: Sides;
  readonly given: RandomCase;
  readonly work: Work;
  /** Null where it answered. */
  readonly scoped: Failure | null;
  readonly alone: Failure | null;
  /** True when the tenant that is alone came to have a unique value of the other's. */
  readonly tookKey: boolean;
  /** True when it changed own rows that refer to the other tenant's, and did so before. */
  readonly changesPlanted: boolean;
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
const hasFloor = ({ sides }: Difference) => sides.setting === 'PostgreSQL with the floor';
const says =
  (text: RegExp) =>
  ({ scoped }: Difference) =>
    scoped !== null && text.test(scoped.message);
const all =
  (...each: readonly ((difference: Difference) => boolean)[]) =>
  (difference: Difference) =>
    each.every((is) => is(difference));

/** True when a text names a model that is shared, a relation to one, or the constraint of that. */
function namesShared({ schema }: RandomCase, text: string): boolean {
  const isShared = (name: string) => schema.models.find((each) => each.name === name)?.ownership !== 'tenant';
  return (
    schema.models.some(({ name }) => isShared(name) && text.includes(name)) ||
    schema.relations.some(
      ({ name, holder, field, referred }) =>
        isShared(referred) && (text.includes(`${holder}.${field} `) || text.includes(`${name}_fk`)),
    )
  );
}

/**
 * Refusals of one side alone, and why each is right. Any other is a finding: the list is to stay short, and each
 * of its reasons narrow.
 */
const REASONS: readonly Reason[] = [
  {
    // Which rows a change comes to is not always known: all of those that it may come to are looked at.
    is: all(
      ({ scoped }) => scoped?.code === 'P2003' && /on the fields/.test(scoped.message),
      ({ given }) => given.schema.relations.some((each) => crosses(given, each, 'own')),
    ),
    why: "another tenant's row refers to it, or it to another tenant's",
  },
  { is: all(says(/^(tenant_conflict|transaction_tenant)/), namesOther), why: 'names another tenant' },
  {
    // Of the tenants' own table a tenant gives its rows to itself alone.
    is: all(
      ({ scoped }) =>
        scoped === null ||
        scoped.code === 'P2025' ||
        /replacing \S+ was refused|is another tenant's or leads to/.test(scoped.message),
      ({ given }) => given.schema.relations.some((relation) => isOfTheTenant(given.schema, relation)),
      namesOther,
    ),
    why: "writes through another tenant's row of the tenants' own table",
  },
  {
    is: all(says(/shared by all tenants, and a write would reach/), ({ work }) => !isRead(work)),
    why: 'writes to a shared model',
  },
  {
    is: all(says(/orders by rows of another tenant/), (each) => !hasFloor(each)),
    why: 'orders by rows of another tenant',
  },
  {
    is: all(says(/makes the database itself change the rows/), hasFloor),
    why: 'over a floor: a deletion or a change of a key that the database carries on',
  },
  {
    is: ({ scoped, given }) =>
      scoped !== null &&
      given.schema.isPlanted &&
      /tenant_row_unavailable|rows? (of|that) another tenant|another tenant's row (depends|refers)/.test(
        scoped.message,
      ),
    why: "another tenant's row refers to it, or it to another tenant's",
  },
  {
    // A key without the tenant is every tenant's; its owner took it first.
    is: (each) =>
      each.scoped !== null &&
      ['P2002', 'tenant_row_unavailable'].includes(each.scoped.code) &&
      (each.tookKey || namesOther(each) || each.work.namesOther),
    why: 'a unique value without the tenant, which the other tenant has',
  },
  {
    // Of a row that may not come to be, the relation is looked up, and nothing lets go of it before.
    is: ({ scoped, work, given }) =>
      scoped?.code === 'P2002' &&
      print(work.operations.map(({ operation, args }) => [operation, args])).includes('upsert') &&
      given.schema.relations.some(
        ({ isOneToOne, holder, columns }) =>
          isOneToOne &&
          scoped.message.includes(columns.join('_')) &&
          given.schema.relations.some(
            (each) =>
              each.holder === holder && each.columns.length > 1 && each.columns.includes(given.schema.tenantField),
          ),
      ),
    why: "an upsert's new row takes over a one-to-one, beside a key with the tenant",
  },
  {
    // A row that everybody has is held by everybody's rows.
    is: ({ scoped, work, given }) =>
      scoped?.code === 'P2003' &&
      (namesShared(given, scoped.message) ||
        work.operations.some(
          ({ model }) => given.schema.models.find(({ name }) => name === model)?.ownership === 'writable',
        )),
    why: "a shared row that the other tenant's rows refer to",
  },
  {
    // The database looks at every foreign key of a row that is updated (SQLite), or updated twice in a transaction.
    is: ({ alone, given, sides, changesPlanted }) =>
      alone?.code === 'P2003' &&
      (sides.setting === 'SQLite'
        ? changesPlanted
        : given.schema.relations.some(
            (each) => alone.message.includes(`\`${each.name}_fk\``) && crosses(given, each, 'own'),
          )),
    why: 'a planted reference dangles where the tenant is alone',
  },
  {
    is: all(
      says(/deleting (a row|rows) of|changing \S+ of a row|(connecting|replacing|upserting) \S+ was/),
      ({ scoped, given }) => namesShared(given, scoped?.message ?? ''),
    ),
    why: "a shared row that the other tenant's rows refer to",
  },
  {
    // SQLite does not say which key it is: a link counts as well.
    is: ({ scoped, given, sides }) =>
      scoped?.code === 'P2003' &&
      scoped.message.includes('constraint') &&
      (sides.setting === 'SQLite'
        ? crossesTenants(given)
        : given.schema.relations.some((each) => crosses(given, each, 'other'))),
    why: "another tenant's row refers to it, and the database holds it",
  },
  {
    is: all(says(/may change rows of \S+ that it does not find/), (each) => !hasFloor(each)),
    why: 'several related rows whose id has several columns, none of them the tenant',
  },
  { is: says(/to what may be another tenant/), why: "connects the tenants' own table by more than the own id" },
  {
    is: says(/from a row that need not be this tenant's/),
    why: "would take the tenant from a row of the tenants' own table",
  },
  {
    // Beside the tenant Prisma takes the row by its columns, of which one is missing: such a row can never be made.
    is: all(says(/^.*(Unknown argument `\w+`|Argument `\w+` is missing)/s), ({ scoped, work, given }) => {
      const text = print(work.operations.map(({ args }) => args));
      const [, missing] = /Argument `(\w+)` is missing/.exec(scoped?.message ?? '') ?? [];
      return (
        scoped?.message.includes(`Unknown argument \`${given.schema.tenantField}\``) || text.includes(`${missing}: {}`)
      );
    }),
    why: 'a row that could never be made, in a branch that does not run',
  },
  {
    is: says(/names the relation .* in a row that may not come to be, or in several ways/),
    why: 'makes a relation without the tenant beside a key with it, in several ways or in a branch that may not run',
  },
  {
    is: ({ alone, work, given }) =>
      alone?.code === 'validation' &&
      print(work.operations.map(({ args }) => args)).includes(`${given.schema.tenantField}: `),
    why: 'the own tenant may be named beside relations',
  },
];

export function reasonOf(difference: Difference): string | null {
  return REASONS.find(({ is }) => is(difference))?.why ?? null;
}
