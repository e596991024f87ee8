import type { LintRule } from '../rule/rule.js';
import { settingsOf } from '../rule/settings.js';
import { droppedNames } from '../schema/step.js';
import { uniqueKeysOf } from '../schema/table.js';
import { quoted, sqlList, sqlName } from '../sql/names.js';
import { text } from '../sql/nodes.js';

/** A key that goes, and with it the target of ON CONFLICT. */
export const droppingConflictTarget: LintRule = {
  name: 'dropping-conflict-target',
  group: 'old-code',
  severity: 'warning',
  finds: 'a unique key, primary key or unique index that goes while no other one has the same columns',
  why: 'O31: `ON CONFLICT (id)` and upserts of the code that still runs fail with 42P10 as soon as no unique index has exactly those columns.',
  safe: 'keep the old key beside the new one until no code names it',
  steps: {
    *AT_DropConstraint({ tree, table, isLive }) {
      const constraint = table.constraints.get(text(tree, 'name') ?? '');
      if (!isLive(table) || !constraint || (constraint.kind !== 'primary' && constraint.kind !== 'unique')) return;
      if (hasOther(table, constraint.name, constraint.columns)) return;
      yield broken(sqlName(table.name), constraint.columns, quoted(constraint.name));
    },
    *DropStmt({ tree, step, schema, isLive }) {
      if (step.objectType !== 'OBJECT_INDEX') return;
      for (const name of droppedNames(tree)) {
        const { index, table } = schema.index(name) ?? {};
        if (!index || !table || !isLive(table) || !index.isUnique) continue;
        const columns = index.columns.flatMap((column) => column ?? []);
        if (columns.length === index.columns.length && !hasOther(table, index.name, columns))
          yield broken(sqlName(table.name), columns, sqlName(name));
      }
    },
  },
};

function hasOther(table: Parameters<typeof uniqueKeysOf>[0], name: string, columns: readonly string[]): boolean {
  return uniqueKeysOf(table).some(
    (key) =>
      key.name !== name &&
      key.constraint !== name &&
      key.columns.length === columns.length &&
      columns.every((one) => key.columns.includes(one)),
  );
}

function broken(on: string, columns: readonly string[], key: string) {
  return {
    message: `INSERT … ON CONFLICT (${sqlList(columns)}) on ${on}, as upserts of the code that still runs do, fails with 42P10 from now on.`,
    fix: `-- keep ${key} beside the new key until no code names it; then:\n-- tenancy-lint-ignore dropping-conflict-target: no code upserts by (${sqlList(columns)}) any more`,
  };
}

/** Triggers that are switched off. */
export const banDisableTrigger: LintRule = {
  name: 'ban-disable-trigger',
  group: 'old-code',
  severity: 'error',
  finds: '`DISABLE TRIGGER`, `DISABLE RULE` and `session_replication_role`, also by `set_config`',
  why: 'Whatever is written meanwhile misses what the trigger does, the checks of foreign keys included, and nothing finds those rows later.',
  safe: 'let the trigger return early where a setting says so',
  steps: {
    ...Object.fromEntries(
      ['AT_DisableTrig', 'AT_DisableTrigAll', 'AT_DisableTrigUser', 'AT_DisableRule'].map((kind) => [
        kind,
        function* ({ table, isLive }) {
          if (isLive(table))
            yield {
              message: `rows of ${sqlName(table.name)} that are written meanwhile miss what the trigger does, checks of foreign keys included.`,
              fix: OTHERWISE,
            };
        } satisfies NonNullable<LintRule['steps']>[string],
      ]),
    ),
  },
  *end({ file }) {
    for (const { name, value, isReset, statement, at } of settingsOf(file)) {
      if (name !== 'session_replication_role' || isReset || value === 'origin' || value === 'local') continue;
      yield {
        statement,
        at,
        message: 'no trigger fires for this session, and foreign keys are not checked.',
        fix: OTHERWISE,
      };
    }
  },
};

const OTHERWISE =
  "-- leave the trigger on; let it return early where a setting of the migration says so: current_setting('app.backfill', true)";
