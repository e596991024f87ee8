import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { IsolationHarness } from '../harness/isolation-harness.js';
import { curlOf } from '../report/curl.js';
import { renderHtml } from '../report/html/render-html.js';
import type { EntranceResult, Evidence, IsolationReport } from '../report/isolation-report.js';
import { renderTerminal } from '../report/render-terminal.js';
import { withoutSecrets } from '../report/secrets.js';
import { toJson } from '../report/to-json.js';
import { shortened, visibleText } from '../report/visible-text.js';
import { IsolationProof } from './isolation-proof.js';
import type { ProofOptions } from './proof-options.js';

/** The part of a test runner that is used. */
export interface Runner {
  describe(name: string, define: () => void): void;
  it(name: string, test: () => Promise<void>, timeout?: number): void;
  afterAll(work: () => Promise<void>, timeout?: number): void;
}

/** Options of {@link describeIsolation}. */
export interface DescribeIsolationOptions extends ProofOptions {
  /**
   * Files to write the report to.
   * @defaultValue none is written
   */
  readonly report?: { readonly html?: string; readonly json?: string };
  /**
   * Milliseconds for one entrance.
   * @defaultValue `60_000`
   */
  readonly timeout?: number;
}

/** A harness, or how it is made, where the runner cannot wait for it before tests are defined. */
export type HarnessSource = IsolationHarness | (() => Promise<IsolationHarness>);

/**
 * One test for each entrance, and one that fails on any that is unproven. With a function, whose entrances are not known before it
 * ran, one test for all of them. The harness is closed at the end.
 */
export function describeIsolation(runner: Runner, source: HarnessSource, options: DescribeIsolationOptions = {}): void {
  const { timeout = 60_000, report: files = {}, ...given } = options;
  // The proof ends before the runner ends it, so that there is always a report.
  const budget = {
    entrance: timeout * SOONER,
    ...(typeof source === 'function' && { all: timeout * ENTRANCES * SOONER }),
  };
  const proofOptions = { budget, ...given };
  if (typeof source === 'function') describeLater(runner, source, proofOptions, files, timeout);
  else describeNow(runner, source, proofOptions, files, timeout);
}

const SOONER = 0.8;

/** Of one test for all: the entrances that there is time for. */
const ENTRANCES = 10;

type Files = NonNullable<DescribeIsolationOptions['report']>;

function describeNow(
  runner: Runner,
  harness: IsolationHarness,
  options: ProofOptions,
  files: Files,
  timeout: number,
): void {
  const proof = new IsolationProof(harness, options);
  runner.describe(`${harness.name} isolates its tenants`, () => {
    runner.it(
      'is started again, with one tenant in it and with both',
      async () => void (await proof.compareWorlds()),
      timeout,
    );
    for (const entrance of proof.entrances) {
      runner.it(entrance.id, async () => hold(await proof.prove(entrance)), timeout);
    }
    runner.it(
      'leaves no entrance unproven',
      async () => holdWhole(await written(await proof.report(), files)),
      timeout,
    );
    runner.afterAll(() => harness.close(), timeout);
  });
}

function describeLater(
  runner: Runner,
  make: () => Promise<IsolationHarness>,
  options: ProofOptions,
  files: Files,
  timeout: number,
): void {
  runner.describe('isolates its tenants', () => {
    runner.it(
      'at every entrance, and leaves none unproven',
      async () => {
        const harness = await make();
        try {
          const proof = new IsolationProof(harness, options);
          for (const entrance of proof.entrances) await proof.prove(entrance);
          holdWhole(await written(await proof.report(), files));
        } finally {
          await harness.close();
        }
      },
      timeout * ENTRANCES,
    );
  });
}

function hold({ entrance, verdict, why, attacks }: EntranceResult): void {
  if (verdict === 'proven' || verdict === 'exempt') return;
  const failed = attacks.filter((attack) => attack.verdict === verdict);
  const lines = failed.map(({ attack, why: reason, evidence }) =>
    [`  ${attack}: ${reason}`, ...againOf(evidence), ...answerOf(evidence)].join('\n'),
  );
  throw new Error(
    [`${entrance.id} ${verdict === 'leaks' ? 'leaks' : 'is unproven'}.`, ...(why ? [`  ${why}`] : []), ...lines].join(
      '\n',
    ),
  );
}

/** The command that sends the request again, without the secrets that a log of CI would keep. */
function againOf(evidence: Evidence | null): string[] {
  return evidence?.request ? [`    ${curlOf(evidence.request, { secrets: 'variables' })}`] : [];
}

const LONGEST = 400;

/** The beginning of the answer: a refusal says there what it would have taken. */
function answerOf(evidence: Evidence | null): string[] {
  const { text = '', headers } = evidence?.response ?? {};
  // Before it is cut: a half of a secret would not be known for one.
  const concealed = withoutSecrets({ ...evidence?.request?.headers, ...headers })(text);
  return text === '' ? [] : [`    answered: ${visibleText(shortened(concealed, LONGEST))}`];
}

function holdWhole(report: IsolationReport): void {
  if (report.verdict === 'isolated') return;
  throw new Error(
    report.entrances.length === 0
      ? "No entrance was found, so nothing is proven. Is it the application's own module?"
      : renderTerminal(report, { colour: false, width: 100 }),
  );
}

async function written(report: IsolationReport, { html, json }: Files): Promise<IsolationReport> {
  for (const [file, render] of [
    [html, renderHtml],
    [json, toJson],
  ] as const) {
    if (file === undefined) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, render(report));
  }
  return report;
}
