import { failureOf } from './failure.js';
import type { EntranceResult, IsolationReport } from './isolation-report.js';
import { shortened, visibleText } from './visible-text.js';

/**
 * The report as JUnit XML, as code hosts and CI servers read it: a suite for the application, a case for each entrance. A leak and what
 * nobody has proven fail; what is exempt, or accepted by the baseline, is skipped with its reason.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { type IsolationReport, renderJunit } from '@tenancy/testing';
 *
 * declare const report: IsolationReport;
 * writeFileSync('isolation.xml', renderJunit(report));
 * ```
 */
export function renderJunit({ application, entrances, milliseconds, counts, startedAt }: IsolationReport): string {
  const failures = counts.leaks + counts.unproven;
  const totals =
    `name="${textInXml(application)} isolates its tenants" tests="${entrances.length}" failures="${failures}" errors="0" ` +
    `time="${seconds(milliseconds)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite ${totals} skipped="${counts.exempt + counts.accepted}" timestamp="${textInXml(startedAt)}">`,
    ...entrances.map((result) => caseOf(result, application)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOf(result: EntranceResult, application: string): string {
  const { entrance, milliseconds } = result;
  const at = result.handlerAt ? ` file="${textInXml(result.handlerAt.file)}" line="${result.handlerAt.line}"` : '';
  const head = `    <testcase name="${textInXml(entrance.id)}" classname="${textInXml(application)}" time="${seconds(milliseconds)}"${at}`;
  const outcome = outcomeOf(result);
  return outcome === null ? `${head}/>` : `${head}>\n      ${outcome}\n    </testcase>`;
}

function outcomeOf(result: EntranceResult): string | null {
  const { verdict, why, attacks } = result;
  if (verdict === 'proven') return null;
  if (verdict === 'exempt' || verdict === 'accepted') {
    const reason =
      why ?? result.accepted ?? attacks.find(({ accepted }) => accepted !== undefined)?.accepted ?? verdict;
    return `<skipped message="${textInXml(reason)}"/>`;
  }
  const text = failureOf(result);
  return `<failure type="${verdict}" message="${inXml(text.split('\n', 2).join(' '))}">${inXml(text)}</failure>`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}

/** A text of the application's, of which nobody reads more. */
const textInXml = (text: string) => inXml(visibleText(shortened(text, 1_000)));

/** Escaped; characters that XML 1.0 has no place for are written out. */
function inXml(text: string): string {
  return text
    .replace(FORBIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids (2.2, Char).
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
