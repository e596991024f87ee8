import type { Client } from 'pg';
import { isOpaque } from '../source/schema-bound.js';
import { type Manner, sent, type Work } from './apply.js';
import { chunksOf } from './chunks.js';
import { closing, opening, statements, Text } from './transaction-text.js';

/**
 * Brings a few targets up to date in one transaction.
 *
 * @returns false where one of them takes more than a transaction, and nothing was done
 */
export async function bringTogether(client: Client, group: readonly Work[], manner: Manner): Promise<boolean> {
  const text = new Text().add('begin');
  for (const work of group) {
    const [chunk, ...more] = chunksOf(work.pending, false);
    if (chunk?.kind !== 'transaction' || more.length > 0) return false;
    // A check of what code has changed elsewhere would find the others' schemas.
    if (chunk.parts.some(({ statements: all }) => all.some(isOpaque))) return false;
    const policies = manner.policies === null ? [] : manner.policies.foreseen(work.schema, chunk);
    if (policies === null) return false;
    opening(text, work, work.entries, manner.lockTimeoutMillis);
    statements(text, work, chunk.parts);
    for (const statement of policies) text.add(statement);
    closing(text, work, chunk.parts);
  }
  await sent(client, text.add('commit'), manner);
  return true;
}

/**
 * Divides work into groups of `size`.
 *
 * @param isAlone - true for what shares its transaction with nothing, as a canary, after which the others are decided on
 */
export function batches(
  work: readonly Work[],
  size: number,
  isAlone: (item: Work) => boolean,
): readonly (readonly Work[])[] {
  const groups: Work[][] = [];
  for (const item of work) {
    const group = groups.at(-1);
    if (group && group.length < size && !isAlone(item) && !isAlone(group[0] as Work)) group.push(item);
    else groups.push([item]);
  }
  return groups;
}
