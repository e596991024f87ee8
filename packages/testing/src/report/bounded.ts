import type { Canary } from '../canaries/canary.js';
import type { Evidence, RowChange } from './isolation-report.js';
import { markedText } from './marked-text.js';
import { shortened } from './visible-text.js';

/** Characters up to which a text is kept whole, and what is kept of longer ones: the beginning, and what stands around a canary. */
const TEXT = { whole: 100_000, around: 400, beginning: 20_000 };
/** Of a value, of which the beginning tells enough. */
const LONGEST_VALUE = 4_000;
/** Of sightings, lines and rows: the first show what leaks. */
const MOST = 100;

/** The evidence, of which no answer makes a report that nothing opens any more. */
export function boundedEvidence(evidence: Evidence): Evidence {
  const { request, response, sightings, log, changes } = evidence;
  const kept = sightings.slice(0, MOST);
  const canaries = [...new Set(kept.map(({ canary }) => canary))];
  return {
    ...evidence,
    request: request && { ...request, body: request.body && boundedText(request.body, canaries) },
    response: response && { ...response, text: boundedText(response.text, canaries) },
    sightings: kept.map(({ canary, path, excerpt }) => ({
      canary,
      path: shortened(path, LONGEST_VALUE),
      excerpt: shortened(excerpt, LONGEST_VALUE),
    })),
    log: log
      .slice(0, MOST)
      .map((line) => boundedText(line, canaries, { ...TEXT, whole: LONGEST_VALUE, beginning: 400 })),
    changes: changes.slice(0, MOST).map(changeOf),
  };
}

function boundedText(text: string, canaries: readonly Canary[], limits = TEXT): string {
  if (text.length <= limits.whole) return text;
  const pieces = markedText(text, canaries, limits);
  return pieces
    .map((piece) =>
      piece.kind === 'cut' ? `… ${piece.characters.toLocaleString('en')} characters left out …` : piece.text,
    )
    .join('');
}

function changeOf({ table, before, after }: RowChange): RowChange {
  const row = (all: RowChange['before']) =>
    all &&
    Object.fromEntries(
      Object.entries(all).map(([column, value]) => [
        column,
        typeof value === 'string' ? shortened(value, LONGEST_VALUE) : value,
      ]),
    );
  return { table, before: row(before), after: row(after) };
}
