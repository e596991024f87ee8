import { onceUnused, statements } from '../rule/fix.js';
import type { LintRule } from '../rule/rule.js';
import { droppedNames, isSame } from '../schema/step.js';
import { takenAlong } from '../schema/taken-along.js';

import { keyOf, nameOf, type QualifiedName, quoted, relationName, sqlName } from '../sql/names.js';
import { node, strings, text } from '../sql/nodes.js';

/** A column under another name. */
export const renamingColumn: LintRule = {
  name: 'renaming-column',
  group: 'old-code',
  severity: 'error',
  finds: '`RENAME COLUMN` on a table that is in use',
  why: 'The code that still runs asks for the old name, and fails until it is replaced.',
  safe: 'a view with the new name, until the old code is gone',
  steps: {
    *RenameStmt({ tree, step, table, isLive }) {
      if (step.objectType !== 'OBJECT_COLUMN' || text(tree, 'relationType') !== 'OBJECT_TABLE' || !isLive(table))
        return;
      const [from, to] = [text(tree, 'subname') ?? '', text(tree, 'newname') ?? ''];
      const on = sqlName(table.name);
      const others = [...table.columns.keys()].filter((name) => name !== from).map(quoted);
      yield {
        message: `the code that still runs asks ${on} for ${quoted(from)}, and fails from now on.`,
        fix: statements(
          `-- let both names be there: a view of the new name, which the new code uses until the old code is gone`,
          `CREATE VIEW ${quoted(`${table.name.name}_renamed`)} WITH (security_invoker = true) AS SELECT ${[...others, `${quoted(from)} AS ${quoted(to)}`].join(', ')} FROM ${on}`,
          '-- or `tenancy change`, which does it in steps',
        ),
      };
    },
  },
};

/** A table under another name. */
export const renamingTable: LintRule = {
  name: 'renaming-table',
  group: 'old-code',
  severity: 'error',
  finds: '`RENAME TO` of a table or view that is in use, unless the same file puts a view in its place',
  why: 'The code that still runs asks for the old name, and fails until it is replaced.',
  safe: 'a view with the old name in the same file',
  steps: {
    *RenameStmt({ tree, step, table, isLive, file }) {
      if ((step.objectType !== 'OBJECT_TABLE' && step.objectType !== 'OBJECT_VIEW') || !step.relation || !isLive(table))
        return;
      const old = step.relation;
      if (
        file.steps
          .slice(file.steps.indexOf(step))
          .some(({ kind, relation }) => kind === 'ViewStmt' && relation && isSame(relation, old))
      )
        return;
      const to = { ...old, name: text(tree, 'newname') ?? '' };
      yield {
        message: `the code that still runs asks for ${sqlName(old)}, and fails from now on.`,
        fix: statements(
          step.statement.text,
          `CREATE VIEW ${sqlName(old)} WITH (security_invoker = true) AS SELECT * FROM ${sqlName(to)}`,
        ),
      };
    },
  },
};

/** A column that goes. */
export const banDropColumn: LintRule = {
  name: 'ban-drop-column',
  group: 'old-code',
  severity: 'warning',
  finds:
    '`DROP COLUMN` on a table that is in use, also by `DROP TYPE`, `DROP DOMAIN` or `DROP EXTENSION` with `CASCADE`',
  why: 'The code that still runs names the column, as ORMs do with every column that they know, and fails until it is replaced.',
  safe: 'release first, then drop with a reason',
  steps: {
    *AT_DropColumn({ tree, table, isLive, options }) {
      const name = text(tree, 'name') ?? '';
      if (!isLive(table)) return;
      const isTenant = options.strategy === 'rows' && name === options.tenantColumn;
      yield {
        ...(isTenant && { severity: 'error' as const }),
        message: isTenant
          ? `${quoted(name)} says whose each row of ${sqlName(table.name)} is: without it the rows are nobody's or everybody's.`
          : `the code that still runs asks ${sqlName(table.name)} for ${quoted(name)}, also where it names all columns that it knows.`,
        fix: onceUnused('ban-drop-column', quoted(name)),
      };
    },
    *DropStmt({ tree, step, schema, isLive, options }) {
      const { objectType } = step;
      const isOfExtension = objectType === 'OBJECT_EXTENSION';
      const isOfType = objectType === 'OBJECT_TYPE' || objectType === 'OBJECT_DOMAIN';
      if (text(tree, 'behavior') !== 'DROP_CASCADE' || !(isOfExtension || isOfType)) return;
      const gone = takenAlong(schema, step).columns.filter(({ table }) => isLive(table));
      const dropped = droppedNames(tree);
      // Of a type that the files make it is known who has it.
      const known = dropped.every((name) => schema.enums.has(keyOf(name)) || schema.domains.has(keyOf(name)));
      if (gone.length === 0 && isOfType && known) return;
      const columns = gone.map(({ table, column }) => `${quoted(column)} of ${sqlName(table.name)}`).join(', ');
      const names = dropped.map(sqlName).join(', ');
      yield {
        ...(gone.some(({ column }) => options.strategy === 'rows' && column === options.tenantColumn) && {
          severity: 'error' as const,
        }),
        message: `CASCADE drops every column of a type that goes with ${names}${columns && `: ${columns}`}; the code that still runs asks for them.`,
        fix: `-- without CASCADE it is refused while something needs it:\nDROP ${(objectType ?? '').slice(7)} ${names};`,
      };
    },
  },
};

/** A table that goes. */
export const banDropTable: LintRule = {
  name: 'ban-drop-table',
  group: 'old-code',
  severity: 'warning',
  finds:
    '`DROP TABLE` of a table that is in use, and `DROP VIEW` of one that the file neither has made nor makes again',
  why: 'The code that still runs asks for it, and its rows are gone.',
  safe: 'release first, then drop with a reason',
  steps: {
    *DropStmt({ tree, step, schema, isLive, file }) {
      const isTable = step.objectType === 'OBJECT_TABLE';
      if (!isTable && step.objectType !== 'OBJECT_VIEW' && step.objectType !== 'OBJECT_MATVIEW') return;
      const later = file.steps.slice(file.steps.indexOf(step));
      const isMadeAgain = (name: { readonly schema?: string; readonly name: string }) =>
        later.some(({ kind, relation, tree: other }) => {
          const made = kind === 'CreateTableAsStmt' ? relationName(node(node(other, 'into'), 'rel')) : relation;
          return (kind === 'ViewStmt' || kind === 'CreateTableAsStmt') && made !== undefined && isSame(made, name);
        });
      const isOfFile = (name: QualifiedName) => schema.views.get(keyOf(name))?.made.file === step.moment.file;
      const gone = droppedNames(tree).filter((name) =>
        isTable ? isLive(schema.table(name)) : !isMadeAgain(name) && !isOfFile(name),
      );
      if (gone.length === 0) return;
      const names = gone.map(sqlName).join(', ');
      yield { message: `the code that still runs asks for ${names}.`, fix: onceUnused('ban-drop-table', names) };
    },
  },
};

/** A column that may be NULL from now on. */
export const banDropNotNull: LintRule = {
  name: 'ban-drop-not-null',
  group: 'old-code',
  severity: 'warning',
  finds: '`DROP NOT NULL` on a table that is in use',
  why: 'The code that still runs expects a value, and meets a NULL.',
  safe: 'release first, then with a reason',
  steps: {
    *AT_DropNotNull({ tree, table, isLive, options }) {
      if (!isLive(table)) return;
      const name = quoted(text(tree, 'name') ?? '');
      const isTenant = options.strategy === 'rows' && text(tree, 'name') === options.tenantColumn;
      yield {
        ...(isTenant && { severity: 'error' as const }),
        message: isTenant
          ? `a row of ${sqlName(table.name)} without ${name} is nobody's: no policy shows it to anybody.`
          : `the code that still runs expects a value in ${name} of ${sqlName(table.name)}.`,
        fix: onceUnused('ban-drop-not-null', `${name} as one that always has a value`),
      };
    },
  },
};

/** A database that goes. */
export const banDropDatabase: LintRule = {
  name: 'ban-drop-database',
  group: 'old-code',
  severity: 'error',
  finds: '`DROP DATABASE`',
  why: 'Everything in it is gone, and no transaction brings it back.',
  safe: 'by hand, after a backup that was restored once',
  steps: {
    *DropdbStmt({ tree }) {
      yield {
        message: `the database ${quoted(text(tree, 'dbname') ?? '')} is gone at once, whatever happens to the migration.`,
        fix: '-- not in a migration: by hand, after a backup that was restored once',
      };
    },
  },
};

/** A table, type or view that moves to another schema. */
export const banSetSchema: LintRule = {
  name: 'ban-set-schema',
  group: 'old-code',
  severity: 'error',
  finds: '`SET SCHEMA` of a table, view or type that is in use',
  why: 'The code that still runs finds it no more, and its `search_path` may lead to another one of that name.',
  safe: 'a view in the old place',
  steps: {
    *AlterObjectSchemaStmt({ tree, step, table, isLive }) {
      if (step.relation ? !isLive(table) : step.objectType !== 'OBJECT_TYPE') return;
      const name = step.relation ? sqlName(step.relation) : 'the type';
      yield {
        message: `the code that still runs does not find ${name} in the schema ${quoted(text(tree, 'newschema') ?? '')}.`,
        fix: step.relation
          ? statements(
              step.statement.text,
              `CREATE VIEW ${sqlName(step.relation)} WITH (security_invoker = true) AS SELECT * FROM ${sqlName({ name: step.relation.name, schema: text(tree, 'newschema') ?? '' })}`,
            )
          : '-- make it anew in the other schema, and change columns to it with `tenancy change`',
      };
    },
  },
};

/** A value of an enum under another name. */
export const renamingEnumValue: LintRule = {
  name: 'renaming-enum-value',
  group: 'old-code',
  severity: 'error',
  finds: '`ALTER TYPE … RENAME VALUE`',
  why: 'The code that still runs writes the old value, which is refused, and does not know the new one that it reads.',
  safe: '`ADD VALUE`, release, change the rows in batches',
  steps: {
    *AlterEnumStmt({ tree, schema, step }) {
      const [from, to] = [text(tree, 'oldVal'), text(tree, 'newVal')];
      const type = nameOf(strings(tree, 'typeName'));
      if (from === undefined || schema.enums.get(keyOf(type))?.file === step.moment.file) return;
      yield {
        message: `the code that still runs writes ${from}, which ${sqlName(type)} does not have any more, and does not know ${to}.`,
        fix: `-- add the new value, release code that knows both, change the rows in batches, and leave the old value unused:\nALTER TYPE ${sqlName(type)} ADD VALUE '${(to ?? '').replaceAll("'", "''")}' BEFORE '${from.replaceAll("'", "''")}';`,
      };
    },
  },
};
