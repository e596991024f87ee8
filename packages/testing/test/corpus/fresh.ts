import type { Twins } from './leak.js';
import { addresses } from './leaks/addresses.js';
import { connections } from './leaks/connections.js';
import { figures } from './leaks/figures.js';
import { later } from './leaks/later.js';
import { requests } from './leaks/requests.js';
import { settings } from './leaks/settings.js';

/** Leaks that were written by somebody who had read the public documentation alone. */
export const fresh: readonly Twins[] = [addresses, connections, figures, later, requests, settings];
