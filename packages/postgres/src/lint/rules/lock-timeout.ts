import { statements } from '../rule/fix.js';
import type { LintRule } from '../rule/rule.js';
import { settingsOf } from '../rule/settings.js';

/** A file without lock_timeout, for a runner that sets none. */
export const requireLockTimeout: LintRule = {
  name: 'require-lock-timeout',
  group: 'transactions',
  severity: 'warning',
  finds: "a schema change without `SET lock_timeout` before it, or behind one to 0, with `runner: 'one-transaction'`",
  why: 'A statement that waits for a lock makes everybody behind it wait too. `tenancy migrate` sets it and tries again, so with it this is no finding.',
  safe: "`SET LOCAL lock_timeout = '1s'` first",
  *end({ file, options, schema }) {
    if (options.runner !== 'one-transaction') return;
    // 0 is no timeout, and so is the default.
    const settings = new Map(
      [...settingsOf(file)]
        .filter(({ name, statement }) => name === 'lock_timeout' && !KEPT.has(statement.kind))
        .map(({ statement, value, isReset }) => [statement, !isReset && !/^0+(?:\.0*)? *[a-z]*$/.test(value ?? '')]),
    );
    let isSet = false;
    const first = file.steps.find((step) => {
      isSet = settings.get(step.statement) ?? isSet;
      const isChange = step.kind.startsWith('AT_') && step.relation;
      return !isSet && isChange && schema.table(step.relation).made.file !== file.number;
    });
    if (!first) return;
    yield {
      statement: first.statement,
      message: 'while this waits for a long query, every later query on the table waits behind it.',
      fix: statements("SET LOCAL lock_timeout = '1s'", first.statement.text),
    };
  },
};

/** Statements whose settings are for sessions to come. */
const KEPT: ReadonlySet<string> = new Set(['AlterRoleSetStmt', 'AlterDatabaseSetStmt', 'CreateFunctionStmt']);
