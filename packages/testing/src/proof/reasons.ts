import { notApplicable, unproven } from './attacks/attack.js';
import type { ComparedWorlds } from './worlds/compared-worlds.js';

export const NOT_COMPARED: ComparedWorlds = {
  findings: new Map(),
  shown: new Set(),
  otherwise: notApplicable('It was not looked at in a fresh application.'),
};

export const NO_TIME_FOR_WORLDS: ComparedWorlds = {
  findings: new Map(),
  shown: new Set(),
  otherwise: unproven('The time was over before a fresh application had answered (`budget`, `timeout`).'),
};

export const NOBODY_LOOKS =
  "It may write, and nobody looks at the rows of the other tenant. Pass `rows` to the harness, which reads a tenant's rows from " +
  'outside: `rows: rowsFromPostgres(url, { tenantColumn })`.';
