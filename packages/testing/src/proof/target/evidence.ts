import { boundedEvidence } from '../../report/bounded.js';
import { concealedEvidence } from '../../report/concealed.js';
import type { Evidence } from '../../report/isolation-report.js';
import type { Attempt } from './target.js';

/** The part of an attempt that a report shows: without secrets, as reports are kept, and of a size to be read. */
export function evidenceOf({ answer, error, sightings, changes, log }: Attempt): Evidence {
  const evidence = concealedEvidence({
    request: answer?.request ?? null,
    response: answer
      ? {
          status: answer.status,
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
          ),
          text: answer.text,
        }
      : error && { status: 0, headers: {}, text: error.message },
    sightings,
    log,
    changes,
    curl: null,
  });
  // Afterwards: half of a secret would not be known for one.
  return boundedEvidence(evidence);
}
