import { quoteIdentifier } from '../../policies/quoting.js';
import { LEDGER_SQL, recorded } from '../ledger/ledger.js';
import { afterwards, type Work } from './apply.js';
import { chunksOf } from './chunks.js';
import type { Squashed } from './squashed.js';
import { closing, opening, type Place, statements, Text } from './transaction-text.js';

/** Milliseconds that a statement of the text waits for a lock. */
const LOCK_TIMEOUT = 100;

/**
 * The SQL that a target would be sent, as one text to read, or to run; of code there is its name alone.
 *
 * @param policies - what stands at the end of each transaction; null where nothing does
 */
export function plannedSql(work: Work, isOneEach: boolean, hasLedger: boolean, policies: string | null): string {
  let place: Place = work;
  let { entries } = work;
  const texts = hasLedger ? [] : [LEDGER_SQL];
  for (const chunk of chunksOf(work.pending, isOneEach)) {
    const { target, schema } = place;
    if (chunk.kind === 'alone') {
      const path = schema === null ? 'reset all' : `set search_path to ${quoteIdentifier(schema)}`;
      texts.push([path, chunk.statement.text, recorded(target, chunk.migration, chunk.done)].join(';\n'));
    } else if (chunk.kind === 'code') {
      texts.push(`-- ${chunk.migration.name} is code`);
    } else {
      const text = new Text().add('begin');
      opening(text, place, entries, LOCK_TIMEOUT);
      statements(text, place, chunk.parts);
      if (policies !== null) text.add(policies);
      closing(text, place, chunk.parts);
      texts.push(text.add('commit').sql);
    }
    entries = afterwards(entries, chunk);
    place = { ...place, isNew: false };
  }
  return texts.map((text) => `${text}\n;`).join('\n\n');
}

/** The SQL that makes a new place, as one text to read; of code there is its name alone. */
export function squashedSql(place: Place, { chunks, migrations }: Squashed): string {
  const text = new Text().add('begin');
  opening(text, place, [], LOCK_TIMEOUT);
  for (const chunk of chunks) {
    if (chunk.kind === 'code') text.add(`-- ${chunk.migration.name} is code`);
    else statements(text, place, chunk.parts);
  }
  closing(
    text,
    place,
    migrations.map((migration) => ({ migration, done: migration.steps.length })),
  );
  return `${text.add('commit').sql}\n;`;
}
