import { bypassRoles } from './bypass-roles.js';
import { cascadeTriggers } from './cascade-triggers.js';
import { classification } from './classification.js';
import { defaultPrivileges } from './default-privileges.js';
import { foreignKeys } from './foreign-keys.js';
import { foreignServers } from './foreign-servers.js';
import { hiddenTables } from './hidden-tables.js';
import { leakproofIndexes } from './leakproof-indexes.js';
import { ledger } from './ledger.js';
import { predefinedRoles } from './predefined-roles.js';
import { presetTenant } from './preset-tenant.js';
import { privilegedRole } from './privileged-role.js';
import { publicPolicies } from './public-policies.js';
import { publications } from './publications.js';
import { queryTexts } from './query-texts.js';
import { roleSettings } from './role-settings.js';
import type { Rule } from './rule.js';
import { schemaCreate } from './schema-create.js';
import { securityDefiner } from './security-definer.js';
import { fileListings, serverFiles } from './server-files.js';
import { serverFunctions } from './server-functions.js';
import { serverUpdates, serverVersion } from './server-version.js';
import { sharedDescendants } from './shared-descendants.js';
import { sharedTenantColumn } from './shared-tenant-column.js';
import { sharedWrites } from './shared-writes.js';
import { tableOwner } from './table-owner.js';
import { tablePolicies } from './table-policies.js';
import { tablePrivileges, truncate } from './table-privileges.js';
import { tableRules } from './table-rules.js';
import { temporaryTables } from './temporary-tables.js';
import { unexaminedSchemas } from './unexamined-schemas.js';
import { uniqueKeys } from './unique-keys.js';
import { views } from './views.js';

/** What a pool asks before its first query. A finding of these is an error: tenants are not held apart. */
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
  sharedDescendants,
  serverFiles,
  foreignServers,
  cascadeTriggers,
  views,
  truncate,
];

/** What is asked only by hand: what reveals a little, what slows queries down, what should be known. */
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
