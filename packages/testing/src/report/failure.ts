import { curlOf } from './curl.js';
import { fixOf } from './fixes.js';
import type { EntranceResult, Evidence } from './isolation-report.js';
import { withoutSecrets } from './secrets.js';
import { shortened, visibleText } from './visible-text.js';

/**
 * The message of an entrance that leaks or is unproven: what was seen, the command that shows it again, the answer, and what to do about
 * a leak.
 */
export function failureOf(result: EntranceResult): string {
  const { entrance, verdict, why, attacks } = result;
  const failed = attacks.filter((attack) => attack.verdict === verdict && attack.accepted === undefined);
  const lines = failed.map(({ attack, why: reason, evidence }) =>
    [
      `  ${attack}: ${visibleText(shortened(reason, LONGEST_REASON))}`,
      ...againOf(evidence),
      ...answerOf(evidence),
    ].join('\n'),
  );
  const head = `${visibleText(shortened(entrance.id, LONGEST))} ${verdict === 'leaks' ? 'leaks' : 'is unproven'}.`;
  const reason = why ? [`  ${visibleText(shortened(why, LONGEST_REASON))}`] : [];
  const fix = verdict === 'leaks' ? fixOf(result) : null;
  return [head, ...reason, ...lines, ...(fix ? [`  ${visibleText(fix)}`] : [])].join('\n');
}

/** The command that sends the request again, without the secrets that a log of CI would keep. */
function againOf(evidence: Evidence | null): string[] {
  return evidence?.request ? [`    ${curlOf(evidence.request, { secrets: 'variables', address: 'variable' })}`] : [];
}

const LONGEST = 400;
const LONGEST_REASON = 2_000;

/** The beginning of the answer: a refusal says there what it would have taken. */
function answerOf(evidence: Evidence | null): string[] {
  const { text = '', headers } = evidence?.response ?? {};
  // Before it is cut: a half of a secret would not be known for one.
  const concealed = withoutSecrets({ ...evidence?.request?.headers, ...headers })(text);
  return text === '' ? [] : [`    answered: ${visibleText(shortened(concealed, LONGEST))}`];
}
