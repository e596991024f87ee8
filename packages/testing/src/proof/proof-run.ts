import type { Entrance } from '../discovery/entrance.js';
import { baselineLine } from '../report/baseline-line.js';
import type { EntranceResult, IsolationReport } from '../report/isolation-report.js';
import type { IsolationProof } from './isolation-proof.js';
import type { ReportFiles } from './report-files.js';

/** A proof under a test runner, whose report is written on whatever end: also when the runner's process is killed. */
export class ProofRun {
  #isWhole = false;
  #written = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly proof: IsolationProof,
    private readonly files: ReportFiles,
  ) {}

  /** Proves an entrance, and writes down how far the proof has got. */
  async prove(entrance: Entrance): Promise<EntranceResult> {
    if (this.#written === Number.NEGATIVE_INFINITY) await this.files.remove();
    const result = await this.proof.prove(entrance);
    if (performance.now() - this.#written > BETWEEN) {
      await this.files.write(this.proof.reportSoFar());
      this.#written = performance.now();
    }
    return result;
  }

  /** The report of the whole, which is written. */
  async whole(): Promise<IsolationReport> {
    const report = await this.proof.report();
    this.#isWhole = true;
    await this.files.write(report);
    const line = baselineLine(report);
    if (line !== '') console.info(line);
    return report;
  }

  /** Stops what goes on behind a test that the runner has given up, and writes what there is. */
  async end(): Promise<void> {
    this.proof.stop();
    if (!this.#isWhole) await this.files.write(this.proof.reportSoFar());
  }
}

/** Milliseconds: a page of hundreds of entrances takes a moment to write. */
const BETWEEN = 1_000;
