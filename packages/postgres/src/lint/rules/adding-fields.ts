import { inTwoMigrations, statements } from '../rule/fix.js';
import type { LintRule, Place, Report } from '../rule/rule.js';
import { type DefinedColumn, readColumn } from '../schema/read-column.js';
import { keyOf, quoted, sqlName } from '../sql/names.js';
import { locationOf, node } from '../sql/nodes.js';
import { volatileCalls } from '../sql/volatility.js';

/** A rule about ADD COLUMN on a table that is in use. */
const onNewField = (
  check: (column: DefinedColumn, place: Place, names: Names) => Iterable<Omit<Report, 'at'>>,
): NonNullable<LintRule['steps']> => ({
  *AT_AddColumn(place) {
    if (!place.isLive(place.table)) return;
    const definition = node(node(place.tree, 'def'), 'ColumnDef');
    const column = readColumn(definition);
    if (place.table.columns.has(column.name)) return;
    const names = {
      table: sqlName(place.table.name),
      column: quoted(column.name),
      type: typeText(place, definition),
    };
    for (const report of check(column, place, names)) yield { ...report, at: locationOf(definition) };
  },
});

interface Names {
  readonly table: string;
  readonly column: string;
  /** The type as it is written. */
  readonly type: string;
}

/** The type as it is written: from its place to the constraint behind it. */
function typeText(place: Place, definition: Parameters<typeof readColumn>[0]): string {
  const whole = place.partFrom(locationOf(node(definition, 'typeName')));
  const cut =
    /\s(?:constraint|not\s+null|null|default|check|unique|primary|references|generated|collate|storage|compression)\b/i.exec(
      whole,
    );
  return cut ? whole.slice(0, cut.index) : whole;
}

/** The text of a default. */
function defaultText(place: Place, column: DefinedColumn): string {
  const given = column.constraints.find((tree) => tree['contype'] === 'CONSTR_DEFAULT');
  const whole = place.partFrom(given && locationOf(given)).replace(/^default\s+/i, '');
  const cut = /\s(?:constraint|not\s+null|check|unique|primary|references|generated)\b/i.exec(whole);
  return cut ? whole.slice(0, cut.index) : whole;
}

const REWRITES =
  'PostgreSQL writes every row of the table anew under an ACCESS EXCLUSIVE lock: nobody reads or writes it until that ends.';

const FILL = (table: string, column: string) =>
  `-- then fill ${column} for the rows of ${table} that are there, in batches: \`tenancy change\``;

/** ADD COLUMN with a default that is computed for each row. */
export const addingFieldWithDefault: LintRule = {
  name: 'adding-field-with-default',
  group: 'locks',
  severity: 'error',
  finds:
    '`ADD COLUMN … DEFAULT` with a volatile expression (`random()`, `gen_random_uuid()`, `clock_timestamp()`, a function of yours that is not `STABLE`)',
  why: 'A constant or `now()` is stored once beside the table; a volatile value must be written into each row, so the table is rewritten under `ACCESS EXCLUSIVE`.',
  safe: 'add it without a default, `SET DEFAULT`, fill in batches',
  steps: onNewField(function* (column, place, { table, column: name, type }) {
    if (!column.default) return;
    const [call] = volatileCalls(column.default, (one) => place.schema.steadyFunctions.has(one));
    if (call === undefined) return;
    yield {
      message: `the default of ${name} calls ${call}(), which may return another value for each row. ${REWRITES}`,
      fix: statements(
        `ALTER TABLE ${table} ADD COLUMN ${name} ${type}`,
        `ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT ${defaultText(place, column)}`,
        FILL(table, name),
        ...(column.isNotNull ? [`-- and then NOT NULL, as adding-not-nullable-field says`] : []),
      ),
    };
  }),
};

/** ADD COLUMN of a serial or an identity. */
export const addingSerialField: LintRule = {
  name: 'adding-serial-field',
  group: 'locks',
  severity: 'error',
  finds: '`ADD COLUMN … serial`, `bigserial` or `GENERATED … AS IDENTITY` on a table that is in use',
  why: 'Each row gets the next number of a sequence, so the table is rewritten under `ACCESS EXCLUSIVE`.',
  safe: 'sequence, plain column, `SET DEFAULT nextval(…)`, fill in batches',
  steps: onNewField(function* (column, { table: { name } }, { table, column: field }) {
    if (!column.isSerial && !column.isIdentity) return;
    const sequence = sqlName({ ...name, name: `${name.name}_${column.name}_seq` });
    const type =
      { serial2: 'smallint', serial4: 'bigint', serial8: 'bigint', int2: 'smallint' }[column.type.name] ?? 'bigint';
    yield {
      message: `${field} takes a number from a sequence for each row. ${REWRITES}`,
      fix: statements(
        `CREATE SEQUENCE ${sequence}`,
        `ALTER TABLE ${table} ADD COLUMN ${field} ${type}`,
        `ALTER TABLE ${table} ALTER COLUMN ${field} SET DEFAULT nextval('${sequence.replaceAll("'", "''")}')`,
        `ALTER SEQUENCE ${sequence} OWNED BY ${table}.${field}`,
        FILL(table, field),
      ),
    };
  }),
};

/** ADD COLUMN GENERATED ALWAYS AS … STORED. */
export const addingGeneratedField: LintRule = {
  name: 'adding-generated-field',
  group: 'locks',
  severity: 'error',
  finds: '`ADD COLUMN … GENERATED ALWAYS AS (…) STORED` on a table that is in use',
  why: 'Each row is computed and written at once, so the table is rewritten under `ACCESS EXCLUSIVE`.',
  safe: '`VIRTUAL` from 18 on, or a trigger and batches',
  steps: onNewField(function* (column, place, { table, column: name, type }) {
    if (!column.isStored) return;
    const generated = column.constraints.find((tree) => tree['contype'] === 'CONSTR_GENERATED');
    const expression = /\((.*)\)\s*stored/is.exec(place.partFrom(generated && locationOf(generated)))?.[1] ?? '…';
    yield {
      message: `${name} is computed and stored for each row. ${REWRITES}`,
      fix:
        place.options.serverVersion >= 18
          ? statements(
              `ALTER TABLE ${table} ADD COLUMN ${name} ${type} GENERATED ALWAYS AS (${expression}) VIRTUAL`,
              '-- or, to store it, add a plain column with a trigger that computes it, and fill it in batches: `tenancy change`',
            )
          : statements(
              `ALTER TABLE ${table} ADD COLUMN ${name} ${type}`,
              `-- then a BEFORE INSERT OR UPDATE trigger that sets ${name} to ${expression}`,
              FILL(table, name),
            ),
    };
  }),
};

/** ADD COLUMN of a domain with a condition. */
export const addingFieldWithDomain: LintRule = {
  name: 'adding-field-with-domain',
  group: 'locks',
  severity: 'error',
  finds: '`ADD COLUMN` of a domain that has a `CHECK` or `NOT NULL`',
  why: 'PostgreSQL does not know that the condition holds for the value that is not there yet, and rewrites the table under `ACCESS EXCLUSIVE`.',
  safe: 'the type below the domain, and `CHECK … NOT VALID`',
  steps: onNewField(function* (column, { schema }, { table, column: name }) {
    if (!schema.domains.get(keyOf({ name: column.type.name }))?.isConstrained) return;
    yield {
      message: `${name} is of the domain ${column.type.name}, which has a condition. ${REWRITES}`,
      fix: inTwoMigrations(
        [
          `-- ${name} gets the type below the domain, and its condition stands in the table:`,
          `-- ALTER TABLE ${table} ADD COLUMN ${name} <type>, ADD CONSTRAINT ${quoted(`${column.name}_check`)} CHECK (…) NOT VALID`,
        ],
        [`-- ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoted(`${column.name}_check`)}`],
      ),
    };
  }),
};

/** ADD COLUMN NOT NULL without a value for the rows that are there. */
export const addingRequiredField: LintRule = {
  name: 'adding-required-field',
  group: 'old-code',
  severity: 'error',
  finds: '`ADD COLUMN … NOT NULL` without a default on a table that is in use',
  why: 'It fails as soon as the table has a row, and the code that still runs inserts rows without the column.',
  safe: 'add it nullable, release, fill, then `NOT NULL … NOT VALID`, `VALIDATE`',
  steps: onNewField(function* (column, { options }, { table, column: name, type }) {
    if (
      !column.isNotNull ||
      column.default ||
      column.isSerial ||
      column.isIdentity ||
      column.isStored ||
      column.isVirtual
    )
      return;
    if (column.constraints.some((tree) => tree['contype'] === 'CONSTR_PRIMARY')) return;
    const check = quoted(`${column.name}_not_null`);
    yield {
      message:
        `${name} has no value for the rows that are in ${table}, so this fails where there is one; and the code that still runs ` +
        'inserts rows without it.',
      fix: inTwoMigrations(
        [
          `ALTER TABLE ${table} ADD COLUMN ${name} ${type}`,
          `-- release code that writes ${name}, and fill the rows that are there in batches: \`tenancy change\``,
        ],
        options.serverVersion >= 18
          ? [
              `ALTER TABLE ${table} ADD CONSTRAINT ${check} NOT NULL ${name} NOT VALID`,
              '-- and in one more:',
              `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check}`,
            ]
          : [
              `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${name} IS NOT NULL) NOT VALID`,
              '-- and in one more:',
              `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check}`,
              '-- and in a last one:',
              `ALTER TABLE ${table} ALTER COLUMN ${name} SET NOT NULL`,
              `ALTER TABLE ${table} DROP CONSTRAINT ${check}`,
            ],
      ),
    };
  }),
};
