import type { LintRule } from './rule/rule.js';
import * as addingConstraints from './rules/adding-constraints.js';
import * as addingFields from './rules/adding-fields.js';
import * as backfills from './rules/backfills.js';
import { changingColumnType } from './rules/changing-column-type.js';
import * as concurrently from './rules/concurrently.js';
import { requireLockTimeout } from './rules/lock-timeout.js';
import * as names from './rules/names.js';
import { addingNotNullableField } from './rules/not-null.js';
import * as oldCode from './rules/old-code.js';
import * as openDoors from './rules/open-doors.js';
import { openPolicy } from './rules/open-policy.js';
import * as passingPolicies from './rules/passing-policies.js';
import * as policies from './rules/policies.js';
import * as protections from './rules/protections.js';
import * as rowSecurity from './rules/row-security.js';
import * as style from './rules/style.js';
import * as targets from './rules/targets.js';
import * as tenantKeys from './rules/tenant-keys.js';
import * as tenantTables from './rules/tenant-tables.js';
import * as transactions from './rules/transactions.js';
import * as wholeTables from './rules/whole-tables.js';

const GROUPS: readonly LintRule['group'][] = ['locks', 'old-code', 'transactions', 'tenants', 'targets', 'style'];

/** Every rule of `lintMigrations`: those about locks first, then old code, transactions, tenants, targets, style. */
export const lintRules: readonly LintRule[] = [
  addingFields,
  { addingNotNullableField, changingColumnType },
  addingConstraints,
  concurrently,
  wholeTables,
  backfills,
  oldCode,
  protections,
  transactions,
  { requireLockTimeout },
  names,
  tenantTables,
  tenantKeys,
  policies,
  { openPolicy },
  openDoors,
  rowSecurity,
  passingPolicies,
  targets,
  style,
]
  .flatMap((group) => Object.values<LintRule>(group))
  .toSorted(
    (one, other) => GROUPS.indexOf(one.group) - GROUPS.indexOf(other.group) || (one.name < other.name ? -1 : 1),
  );
