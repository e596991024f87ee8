import type { Rule } from './diagnosis/rule.js';
import { bypassRoles } from './rules/bypass-roles.js';
import { cascadeTriggers } from './rules/cascade-triggers.js';
import { classification } from './rules/classification.js';
import { defaultPrivileges } from './rules/default-privileges.js';
import { distributedTables } from './rules/distributed-tables.js';
import { foreignKeys } from './rules/foreign-keys.js';
import { foreignServers } from './rules/foreign-servers.js';
import { hiddenTables } from './rules/hidden-tables.js';
import { leakproofIndexes } from './rules/leakproof-indexes.js';
import { ledger } from './rules/ledger.js';
import { predefinedRoles } from './rules/predefined-roles.js';
import { presetTenant } from './rules/preset-tenant.js';
import { privateCatalogs } from './rules/private-catalogs.js';
import { privilegedRole } from './rules/privileged-role.js';
import { publicPolicies } from './rules/public-policies.js';
import { publications } from './rules/publications.js';
import { queryTexts } from './rules/query-texts.js';
import { roleSettings } from './rules/role-settings.js';
import { schemaCreate } from './rules/schema-create.js';
import { securityDefiner } from './rules/security-definer.js';
import { fileListings, serverFiles } from './rules/server-files.js';
import { serverFunctions } from './rules/server-functions.js';
import { serverUpdates, serverVersion } from './rules/server-version.js';
import { sharedDescendants } from './rules/shared-descendants.js';
import { sharedTenantColumn } from './rules/shared-tenant-column.js';
import { sharedWrites } from './rules/shared-writes.js';
import { tableOwner } from './rules/table-owner.js';
import { tablePolicies } from './rules/table-policies.js';
import { tablePrivileges, truncate } from './rules/table-privileges.js';
import { tableRules } from './rules/table-rules.js';
import { temporaryTables } from './rules/temporary-tables.js';
import { unexaminedSchemas } from './rules/unexamined-schemas.js';
import { uniqueKeys } from './rules/unique-keys.js';
import { views } from './rules/views.js';

/** The rules that a pool asks before its first query. A finding of these is an error: tenants are not held apart. */
export const startRules: readonly Rule[] = [
  serverVersion,
  privilegedRole,
  tableOwner,
  presetTenant,
  roleSettings,
  temporaryTables,
  classification,
  tablePolicies,
  hiddenTables,
  distributedTables,
  sharedDescendants,
  serverFiles,
  foreignServers,
  privateCatalogs,
  cascadeTriggers,
  views,
  truncate,
];

/** The rules that are asked only by hand, about what reveals a little, slows queries down or should be known. */
export const adviceRules: readonly Rule[] = [
  serverUpdates,
  schemaCreate,
  unexaminedSchemas,
  sharedTenantColumn,
  sharedWrites,
  publicPolicies,
  foreignKeys,
  uniqueKeys,
  leakproofIndexes,
  securityDefiner,
  defaultPrivileges,
  serverFunctions,
  fileListings,
  predefinedRoles,
  queryTexts,
  tablePrivileges,
  tableRules,
  ledger,
  publications,
  bypassRoles,
];
