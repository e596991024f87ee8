import type { IsolationHarness } from '../harness/isolation-harness.js';
import { failureOf } from '../report/failure.js';
import type { EntranceResult, IsolationReport } from '../report/isolation-report.js';
import { renderTerminal } from '../report/render-terminal.js';
import { SIGNS } from '../report/verdict-signs.js';
import { visibleText } from '../report/visible-text.js';
import { awaited } from './awaited.js';
import { isContinuousIntegration } from './baseline/baseline-file.js';
import { ENTRANCES_OF_WORLDS } from './budget.js';
import { IsolationProof } from './isolation-proof.js';
import { checkTime, type ProofOptions } from './proof-options.js';
import { ProofRun } from './proof-run.js';
import { ReportFiles, type ReportPaths } from './report-files.js';

/** The part of a test runner that is used. */
export interface Runner {
  describe(name: string, define: () => void): void;
  it(name: string, test: () => Promise<void>, timeout?: number): void;
  afterAll(work: () => Promise<void>, timeout?: number): void;
}

/** Options of `describeIsolation`. */
export interface DescribeIsolationOptions extends ProofOptions {
  /**
   * Files to write the report to. They are written while the proof goes on, so that they are there however it ends.
   * @defaultValue none is written
   */
  readonly report?: ReportPaths;
  /**
   * Milliseconds that the runner gives one entrance; ten times as much where one test proves all of them. The proof ends itself at
   * four fifths of it, so that there is a report of what it reached.
   * @defaultValue `60_000`
   */
  readonly timeout?: number;
}

/** A harness, or how it is made, where the runner cannot wait for it before tests are defined. */
export type HarnessSource = IsolationHarness | (() => Promise<IsolationHarness>);

/**
 * One test for each entrance, and one that fails on any that is unproven. With a function, whose entrances are not known before it
 * ran, one test for all of them, unless somebody waits for it. The harness is closed at the end.
 */
export function describeIsolation(runner: Runner, source: HarnessSource, options: DescribeIsolationOptions = {}): void {
  checkSource(source);
  const { timeout = 60_000, report = {}, ...given } = options;
  checkTime('timeout', timeout);
  const files = new ReportFiles(report);
  // The proof ends before the runner ends it, so that there is always a report.
  const entrance = timeout * SOONER;
  const each = { ...given, budget: budgetWithin({ entrance }, given.budget) };
  if (typeof source !== 'function') {
    describeNow(runner, source, each, files, timeout);
    return;
  }
  const isAwaited = awaited(async () => {
    await files.remove();
    const harness = await made(source);
    try {
      describeNow(runner, harness, each, files, timeout);
    } catch (error) {
      await harness.close();
      throw error;
    }
  });
  if (isAwaited) return;
  const all = { ...given, budget: budgetWithin({ entrance, all: entrance * ENTRANCES }, given.budget) };
  describeLater(runner, source, all, files, timeout);
}

const SOONER = 0.8;

/** Of one test for all: the entrances that there is time for. */
const ENTRANCES = 10;

type Budget = { readonly entrance?: number; readonly all?: number };

/** A budget of more than the runner's time would never be reached. Checked, as a comparison with `NaN` is none. */
function budgetWithin(most: Budget, given: Budget = {}): Budget {
  const times = Object.entries(given).filter(([, time]) => time !== undefined);
  for (const [name, time] of times) checkTime(`budget.${name}`, time);
  const smaller = times.map(([name, time]) => [
    name,
    Math.min(time, most[name as keyof Budget] ?? Number.POSITIVE_INFINITY),
  ]);
  return { ...given, ...most, ...Object.fromEntries(smaller) };
}

async function made(make: () => Promise<IsolationHarness>): Promise<IsolationHarness> {
  const harness = await make();
  checkSource(harness);
  return harness;
}

function checkSource(source: unknown): void {
  // Not by its class, of which Jest may have loaded another copy.
  const { entrances, as } = (source ?? {}) as Partial<IsolationHarness>;
  if (typeof source === 'function' || (Array.isArray(entrances) && typeof as === 'function')) return;
  const isPromise = typeof (source as PromiseLike<unknown> | undefined)?.then === 'function';
  throw new TypeError(
    isPromise
      ? 'describeIsolation: this is the promise of a harness. Await it, or pass a function: () => createIsolationHarness(…).'
      : 'describeIsolation: this is no harness. Pass what `createIsolationHarness` answers, or a function that makes it.',
  );
}

function describeNow(
  runner: Runner,
  harness: IsolationHarness,
  options: ProofOptions,
  files: ReportFiles,
  timeout: number,
): void {
  const proof = new IsolationProof(harness, options);
  const run = new ProofRun(proof, files);
  runner.describe(visibleText(`${harness.name} isolates its tenants`), () => {
    runner.it(
      'is started again, with one tenant in it and with both',
      async () => void (await proof.compareWorlds()),
      timeout * ENTRANCES_OF_WORLDS,
    );
    for (const entrance of proof.entrances) {
      runner.it(visibleText(entrance.id), async () => hold(await run.prove(entrance)), timeout);
    }
    runner.it('leaves no entrance unproven', async () => holdWhole(await run.whole()), timeout);
    runner.afterAll(async () => {
      await run.end();
      await harness.close();
    }, timeout);
  });
}

function describeLater(
  runner: Runner,
  make: () => Promise<IsolationHarness>,
  options: ProofOptions,
  files: ReportFiles,
  timeout: number,
): void {
  let run: ProofRun | undefined;
  let isOver = false;
  runner.describe('isolates its tenants', () => {
    runner.it(
      'at every entrance, and leaves none unproven',
      async () => {
        await files.remove();
        const harness = await made(make);
        try {
          // The runner may have given up before the application had started.
          if (isOver) return;
          const proof = new IsolationProof(harness, { ...options, onResult: progress(options.onResult) });
          run = new ProofRun(proof, files);
          for (const entrance of proof.entrances) if (!isOver) await run.prove(entrance);
          if (!isOver) holdWhole(await run.whole());
        } finally {
          await harness.close();
        }
      },
      timeout * ENTRANCES,
    );
    runner.afterAll(async () => {
      isOver = true;
      await run?.end();
    }, timeout);
  });
}

/** One test says nothing for minutes: a line for each entrance, where somebody may be looking. */
function progress(tell: ProofOptions['onResult']): NonNullable<ProofOptions['onResult']> {
  const isShown = process.stderr.isTTY || isContinuousIntegration();
  return (result, at) => {
    if (isShown) process.stderr.write(`${progressLine(result, at)}\n`);
    tell?.(result, at);
  };
}

function progressLine({ entrance, verdict, milliseconds }: EntranceResult, { done, of }: { done: number; of: number }) {
  return visibleText(`${SIGNS[verdict]} ${done}/${of} ${entrance.id} (${(milliseconds / 1_000).toFixed(1)} s)`);
}

function hold(result: EntranceResult): void {
  if (result.verdict === 'leaks' || result.verdict === 'unproven') throw new Error(failureOf(result));
}

function holdWhole(report: IsolationReport): void {
  if (report.verdict === 'isolated' || report.verdict === 'accepted') return;
  throw new Error(
    report.entrances.length === 0
      ? "No entrance was found, so nothing is proven. Is it the application's own module?"
      : renderTerminal(report, { colour: false, width: 100 }),
  );
}
