import {
  foreignKeyIndexes,
  invalidIndexes,
  redundantIndexes,
  tenantIndexes,
  unusedIndexes,
} from './operating/indexes.js';
import type { OperatingRule } from './operating/operating-rule.js';
import { openTransactions, replicationSlots, timeouts, transactionIds } from './operating/server.js';
import { deadRows, sequences, statistics, unvalidatedConstraints } from './operating/tables.js';
import { tenantSkew } from './operating/tenant-shares.js';
import { unfinished } from './operating/unfinished.js';

/** The rules about operating, which are asked as a role that sees the whole database. */
export const operatingRules: readonly OperatingRule[] = [
  tenantIndexes,
  foreignKeyIndexes,
  invalidIndexes,
  redundantIndexes,
  unusedIndexes,
  unvalidatedConstraints,
  deadRows,
  statistics,
  sequences,
  transactionIds,
  openTransactions,
  replicationSlots,
  timeouts,
  unfinished,
  tenantSkew,
];
