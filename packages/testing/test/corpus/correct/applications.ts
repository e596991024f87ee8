import type { Application } from './application.js';
import { ids } from './ids.js';
import { lists } from './lists.js';
import { signingIn } from './signing-in.js';
import { writes } from './writes.js';

/** The applications that must not be accused, by what they are about. */
export const applications: Readonly<Record<string, readonly Application[]>> = {
  'Ids of rows': ids,
  'Lists, searches and counts': lists,
  Writing: writes,
  'Signing in': signingIn,
};
