import { inTwoMigrations, statements } from '../rule/fix.js';
import { type NewConstraint, newConstraints } from '../rule/new-constraint.js';
import type { LintRule, Place, Report } from '../rule/rule.js';
import { quoted, sqlList, sqlName } from '../sql/names.js';

const onNewConstraint = (
  check: (added: NewConstraint, place: Place) => Iterable<Omit<Report, 'at'>>,
): NonNullable<LintRule['steps']> => {
  const step = function* (place: Place) {
    if (!place.isLive(place.table)) return;
    for (const added of newConstraints(place))
      for (const report of check(added, place)) yield { ...report, at: added.at };
  };
  return { AT_AddConstraint: step, AT_AddColumn: step };
};

/** A unique key, primary key or exclusion that builds its index under the lock. */
export const disallowedUniqueConstraint: LintRule = {
  name: 'disallowed-unique-constraint',
  group: 'locks',
  severity: 'error',
  finds: '`ADD PRIMARY KEY`, `ADD UNIQUE` or `ADD EXCLUDE` that does not use an index that is there',
  why: 'The index is built under `ACCESS EXCLUSIVE`: nobody reads or writes the table until it is there.',
  safe: '`CREATE UNIQUE INDEX CONCURRENTLY`, then `ADD CONSTRAINT … USING INDEX`',
  steps: onNewConstraint(function* ({ constraint, usesIndex, columnWithout }, { table }) {
    const { kind, name, columns } = constraint;
    if (usesIndex || (kind !== 'primary' && kind !== 'unique' && kind !== 'exclusion')) return;
    const on = sqlName(table.name);
    const column = columnWithout === undefined ? [] : [`ALTER TABLE ${on} ADD COLUMN ${columnWithout}`];
    yield {
      message: `the index of ${quoted(name)} is built under an ACCESS EXCLUSIVE lock: nobody reads or writes ${on} until it is there.`,
      fix:
        kind === 'exclusion'
          ? '-- an exclusion cannot use an index that is there: make a second table with it, fill it in batches, and exchange the two'
          : table.isPartitioned
            ? `-- on each partition CREATE UNIQUE INDEX CONCURRENTLY, then on the parent ALTER TABLE ONLY ${on} ADD CONSTRAINT …, then attach the indexes`
            : statements(
                ...column,
                `CREATE UNIQUE INDEX CONCURRENTLY ${quoted(name)} ON ${on} (${sqlList(columns)})`,
                `ALTER TABLE ${on} ADD CONSTRAINT ${quoted(name)} ${kind === 'primary' ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${quoted(name)}`,
              ),
    };
  }),
};

/** A foreign key that is checked for all rows under the lock. */
export const addingForeignKeyConstraint: LintRule = {
  name: 'adding-foreign-key-constraint',
  group: 'locks',
  severity: 'error',
  finds: '`ADD FOREIGN KEY` without `NOT VALID` on a table that is in use',
  why: 'Every row is looked up in the other table under `SHARE ROW EXCLUSIVE` on both: writes to both wait. A new column without a value has nothing to look up.',
  safe: '`NOT VALID`; `VALIDATE CONSTRAINT` in the next migration',
  steps: onNewConstraint(function* ({ constraint, text, columnWithout, hasValue }, { table, options }) {
    const { kind, isValid, name, references } = constraint;
    if (kind !== 'foreign' || !isValid || !references || (columnWithout !== undefined && !hasValue)) return;
    const [on, other] = [sqlName(table.name), sqlName(references)];
    const before = columnWithout === undefined ? [] : [`ALTER TABLE ${on} ADD COLUMN ${columnWithout}`];
    const isRefused = table.isPartitioned && options.serverVersion < 18;
    const written = columnWithout !== undefined ? `FOREIGN KEY (${sqlList(constraint.columns)}) ${text}` : text;
    yield {
      message: `every row of ${on} is looked up in ${other}, and writes to both wait meanwhile, under SHARE ROW EXCLUSIVE locks.`,
      fix: isRefused
        ? '-- this version has no NOT VALID for partitioned tables: add the key NOT VALID to each partition, VALIDATE each, and then add it to the parent'
        : inTwoMigrations(
            [...before, `ALTER TABLE ${on} ADD CONSTRAINT ${quoted(name)} ${written} NOT VALID`],
            [`ALTER TABLE ${on} VALIDATE CONSTRAINT ${quoted(name)}`],
          ),
    };
  }),
};

/** A check that reads all rows under the lock. */
export const constraintMissingNotValid: LintRule = {
  name: 'constraint-missing-not-valid',
  group: 'locks',
  severity: 'error',
  finds: '`ADD CHECK` without `NOT VALID` on a table that is in use',
  why: 'Every row is read under `ACCESS EXCLUSIVE`; `NOT VALID` and a later `VALIDATE CONSTRAINT` read them beside readers and writers.',
  safe: '`NOT VALID`; `VALIDATE CONSTRAINT` in the next migration',
  steps: onNewConstraint(function* ({ constraint, text, columnWithout }, { table }) {
    const { kind, isValid, name } = constraint;
    if (kind !== 'check' || !isValid || /\bnot\s+enforced\b/i.test(text)) return;
    const on = sqlName(table.name);
    const before = columnWithout === undefined ? [] : [`ALTER TABLE ${on} ADD COLUMN ${columnWithout}`];
    yield {
      message: `every row of ${on} is read under an ACCESS EXCLUSIVE lock: nobody reads or writes it meanwhile.`,
      fix: inTwoMigrations(
        [...before, `ALTER TABLE ${on} ADD CONSTRAINT ${quoted(name)} ${text} NOT VALID`],
        [`ALTER TABLE ${on} VALIDATE CONSTRAINT ${quoted(name)}`],
      ),
    };
  }),
};

/** VALIDATE in the transaction that added the constraint. */
export const validatingInSameTransaction: LintRule = {
  name: 'validating-in-same-transaction',
  group: 'locks',
  severity: 'error',
  finds: '`NOT VALID` and `VALIDATE CONSTRAINT` in one transaction',
  why: 'The lock of the first is held while the second reads every row, so nothing is won.',
  safe: '`VALIDATE CONSTRAINT` in the next migration',
  steps: {
    *AT_ValidateConstraint({ tree, table, step, isLive }) {
      const name = String(tree['name'] ?? '');
      const made = table.constraints.get(name)?.made;
      if (!isLive(table) || made?.file !== step.moment.file || made.transaction !== step.moment.transaction) return;
      const on = sqlName(table.name);
      yield {
        message: `${quoted(name)} was added in this transaction, whose lock on ${on} is held while every row is read.`,
        fix: inTwoMigrations(['-- leave this out here'], [`ALTER TABLE ${on} VALIDATE CONSTRAINT ${quoted(name)}`]),
      };
    },
  },
};
