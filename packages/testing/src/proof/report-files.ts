import { statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { renderHtml } from '../report/html/render-html.js';
import type { IsolationReport } from '../report/isolation-report.js';
import { renderJunit } from '../report/render-junit.js';
import { renderSarif } from '../report/render-sarif.js';
import { toJson } from '../report/to-json.js';
import { checkNames } from './target/check-example.js';

/** The files of a report, by their format. */
export interface ReportPaths {
  readonly html?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly sarif?: string;
}

const RENDER: Readonly<Record<keyof ReportPaths, (report: IsolationReport) => string>> = {
  html: renderHtml,
  json: toJson,
  junit: renderJunit,
  sarif: renderSarif,
};

/** Writes a report to its files. */
export class ReportFiles {
  readonly #files: readonly (readonly [string, (report: IsolationReport) => string])[];

  /** @throws TypeError for a format that there is none of, and for a path at which no file can be. */
  constructor(paths: ReportPaths) {
    checkNames('report', paths, Object.keys(RENDER));
    const given = Object.entries(paths).filter(([, path]) => path !== undefined);
    this.#files = given.map(([format, path]) => [checkedPath(format, path), RENDER[format as keyof ReportPaths]]);
  }

  /** A file is there as a whole or not at all. */
  async write(report: IsolationReport): Promise<void> {
    for (const [file, render] of this.#files) {
      await mkdir(dirname(file), { recursive: true });
      const part = `${file}.part`;
      await writeFile(part, render(report));
      await rename(part, file);
    }
  }

  /** Removes the files of an earlier run, which say nothing of this one. */
  async remove(): Promise<void> {
    for (const [file] of this.#files) await rm(file, { force: true });
  }
}

function checkedPath(format: string, path: unknown): string {
  if (typeof path !== 'string' || path === '') throw new TypeError(`report.${format}: it names no file.`);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new TypeError(`report.${format}: ${path} is a folder. Name a file in it.`);
  }
  return path;
}
