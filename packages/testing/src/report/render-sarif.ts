import { createHash } from 'node:crypto';
import { FIXES } from './fixes.js';
import type { AttackResult, EntranceResult, IsolationReport } from './isolation-report.js';
import { ATTACK_NAMES, ATTACKS } from './verdict-signs.js';
import { visibleText } from './visible-text.js';

/**
 * The report as SARIF 2.1.0, so that a code host shows a leak at the line of its handler: a rule for each attack, an error for each leak,
 * a warning for what nobody has proven. What the baseline accepts is there as suppressed; what is exempt is left out.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { type IsolationReport, renderSarif } from '@tenancy/testing';
 *
 * declare const report: IsolationReport;
 * writeFileSync('isolation.sarif', renderSarif(report));
 * ```
 */
export function renderSarif(report: IsolationReport): string {
  const rules = [...ATTACK_NAMES, WHOLE].map((id) => ({
    id,
    shortDescription: { text: id === WHOLE ? 'nobody has proven the entrance' : ATTACKS[id as AttackResult['attack']] },
    help: { text: id === WHOLE ? HELP : `${sentence(FIXES[id as AttackResult['attack']])} ${HELP}` },
  }));
  const results = report.entrances.flatMap(resultsOf);
  const run = {
    tool: { driver: { name: '@tenancy/testing', rules } },
    automationDetails: { id: `${report.application}/isolation` },
    originalUriBaseIds: { SRCROOT: { description: { text: 'The folder in which the tests ran.' } } },
    columnKind: 'utf16CodeUnits',
    results: results.map((result) => ({ ...result, ruleIndex: rules.findIndex(({ id }) => id === result.ruleId) })),
  };
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
  return `${JSON.stringify(log, null, 2)}\n`;
}

const HELP = 'The message says what was seen; the README of @tenancy/testing says what each attack tries.';

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** The rule of an entrance that could not be tried at all. */
const WHOLE = 'unproven';

function resultsOf(result: EntranceResult) {
  const { verdict, why, attacks } = result;
  if (verdict === 'proven' || verdict === 'exempt') return [];
  const failed = attacks.filter((each) => each.verdict === 'leaks' || each.verdict === 'unproven');
  if (failed.length === 0) return [resultOf(result, WHOLE, 'unproven', why ?? 'It was not tried.', result.accepted)];
  return failed.map((each) => resultOf(result, each.attack, each.verdict, each.why, each.accepted ?? result.accepted));
}

function resultOf(
  { entrance, handlerAt }: EntranceResult,
  ruleId: string,
  verdict: string,
  why: string,
  accepted: string | undefined,
) {
  const place = {
    logicalLocations: [{ fullyQualifiedName: entrance.handler ?? entrance.id, kind: 'function' }],
    ...(handlerAt && {
      physicalLocation: {
        artifactLocation: { uri: encodeURI(handlerAt.file), uriBaseId: 'SRCROOT' },
        region: { startLine: handlerAt.line },
      },
    }),
  };
  return {
    ruleId,
    level: verdict === 'leaks' ? 'error' : 'warning',
    message: { text: `${visibleText(entrance.id)}: ${visibleText(why)}` },
    locations: [place],
    // The same between runs: no port, no id of a row.
    partialFingerprints: {
      'entranceAndAttack/v1': createHash('sha256').update(`${entrance.id}\n${ruleId}`).digest('hex'),
    },
    ...(accepted !== undefined && { suppressions: [{ kind: 'external', justification: accepted }] }),
  };
}
