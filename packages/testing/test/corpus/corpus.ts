import type { Twins } from './leak.js';
import { claims } from './leaks/claims.js';
import { exits } from './leaks/exits.js';
import { graph } from './leaks/graph.js';
import { lists } from './leaks/lists.js';
import { memory } from './leaks/memory.js';
import { oneRow } from './leaks/one-row.js';
import { streams } from './leaks/streams.js';
import { unattended } from './leaks/unattended.js';
import { writes } from './leaks/writes.js';

/** Every leak there is an application for. */
export const corpus: readonly Twins[] = [oneRow, lists, writes, claims, memory, exits, streams, graph, unattended];
