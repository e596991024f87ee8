import { createHash } from 'node:crypto';
import type { AttackResult, EntranceResult, IsolationReport } from './isolation-report.js';
import { RULES, WHOLE } from './sarif-rules.js';
import { shortened, visibleText } from './visible-text.js';

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
  const results = report.entrances.flatMap((result) => resultsOf(result, report.application));
  const run = {
    tool: { driver: { name: '@tenancy/testing', rules: RULES } },
    automationDetails: { id: `${visibleText(report.application)}/isolation` },
    originalUriBaseIds: { [ROOT]: { description: { text: 'The folder in which the tests ran.' } } },
    columnKind: 'utf16CodeUnits',
    results: results.map((result) => ({ ...result, ruleIndex: RULES.findIndex(({ id }) => id === result.ruleId) })),
  };
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** The name by which code hosts know the root of the sources. A place on the machine of a run says nothing to them. */
const ROOT = '%SRCROOT%';

function resultsOf(result: EntranceResult, application: string) {
  const { verdict, why, attacks } = result;
  if (verdict === 'proven' || verdict === 'exempt') return [];
  const failed = attacks.filter((each) => each.verdict === 'leaks' || each.verdict === 'unproven');
  const whole: Found = { attack: WHOLE, verdict: 'unproven', why: why ?? 'It was not tried.' };
  // Beside an attack that is accepted, there may be a branch that is not.
  const found: readonly Found[] = failed.length === 0 ? [whole] : why === null ? failed : [...failed, whole];
  return found.map((each) => resultOf(result, each, application));
}

interface Found extends Pick<AttackResult, 'verdict' | 'why' | 'accepted'> {
  readonly attack: AttackResult['attack'] | typeof WHOLE;
}

function resultOf({ entrance, handlerAt, ...result }: EntranceResult, found: Found, application: string) {
  const place = {
    logicalLocations: [{ fullyQualifiedName: visibleText(entrance.handler ?? entrance.id), kind: 'function' }],
    ...(handlerAt && {
      physicalLocation: {
        artifactLocation: { uri: uriOf(handlerAt.file), uriBaseId: ROOT },
        region: { startLine: handlerAt.line },
      },
    }),
  };
  const accepted = found.accepted ?? (result.verdict === 'accepted' ? result.accepted : undefined);
  return {
    ruleId: found.attack,
    level: found.verdict === 'leaks' ? 'error' : 'warning',
    message: { text: `${textOf(entrance.id)}: ${textOf(found.why)}` },
    locations: [place],
    // The same between runs: no port, no id of a row. Of each application its own, as two may have an entrance of one name.
    partialFingerprints: {
      'applicationEntranceAttack/v1': createHash('sha256')
        .update(JSON.stringify([application, entrance.id, found.attack]))
        .digest('hex'),
    },
    ...(accepted !== undefined && {
      suppressions: [{ kind: 'external', status: 'accepted', justification: textOf(accepted) }],
    }),
  };
}

/** A code host shows a thousand characters. */
const LONGEST = 1_000;

/** Text in which nothing is a link or a placeholder, as messages of SARIF may have: `[here](1)` and `{0}`. */
function textOf(text: string): string {
  return visibleText(shortened(text, LONGEST))
    .replaceAll(/\[(?=[^\]]*\]\()/g, '\\[')
    .replaceAll(/\{(\d+)\}/g, '{{$1}}');
}

/** A file's path as a relative URI, in which `#`, `?` and `:` are part of a name. */
function uriOf(file: string): string {
  return file
    .toWellFormed()
    .split('/')
    .map((name) => encodeURIComponent(name))
    .join('/');
}
