import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScriptText } from './block-coverage.js';

/** A line that somebody wrote, and from which a compiler made something else. */
export interface SourceLine {
  readonly file: string;
  /** The first is 1. */
  readonly line: number;
  /** All lines of the file. */
  readonly lines: readonly string[];
}

/** The last of the starts that is not behind the offset: scripts have thousands of lines. */
function lineOf(starts: readonly number[], offset: number): number {
  let [from, to] = [0, starts.length];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if ((starts[middle] as number) <= offset) from = middle;
    else to = middle;
  }
  return from;
}

/** Finds lines of the source by offsets in what was compiled from it. */
export class OriginalSource {
  readonly #file: string;
  readonly #source: string;
  readonly #startColumn: number;
  readonly #starts: readonly number[];
  readonly #map: SourceMap | null;
  readonly #texts = new Map<string, readonly string[] | null>();

  /** @param file - the file of the script, beside which its map is looked for */
  constructor(file: string, { source, startColumn }: ScriptText) {
    this.#file = file;
    this.#source = source;
    // Of Jest's wrapper V8 knows no column.
    this.#startColumn = startColumn !== 0 ? startColumn : -(WRAPPER.exec(source)?.[0].length ?? 0);
    this.#starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
    const payload = mapOf(source, file);
    this.#map = payload && new SourceMap(payload);
  }

  /** The line from which the text from `offset` on was made; null for what a compiler added. */
  lineAt(offset: number): SourceLine | null {
    const line = lineOf(this.#starts, offset);
    const column = offset - (this.#starts[line] ?? 0) + (line === 0 ? this.#startColumn : 0);
    if (!this.#map) return this.#line(this.#file, line);
    const found = this.#map.findEntry(line, column);
    // Nothing of this line stands before: the entry is of another one.
    if (!('originalSource' in found) || found.generatedLine !== line) return null;
    return this.#line(this.#pathOf(found.originalSource), found.originalLine);
  }

  #line(file: string, index: number): SourceLine | null {
    const lines = this.#linesOf(file);
    return lines?.[index] === undefined ? null : { file, line: index + 1, lines };
  }

  #linesOf(file: string): readonly string[] | null {
    const known = this.#texts.get(file);
    if (known !== undefined) return known;
    const text = this.#textOf(file);
    const lines = text === null ? null : text.split(/\r?\n/);
    this.#texts.set(file, lines);
    return lines;
  }

  #textOf(file: string): string | null {
    if (!this.#map) return this.#source;
    const { sources, sourcesContent } = this.#map.payload as SourceMapPayload & { sourcesContent?: (string | null)[] };
    const given = sourcesContent?.[sources.findIndex((each) => this.#pathOf(each) === file)];
    if (typeof given === 'string') return given;
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return null;
    }
  }

  #pathOf(source: string): string {
    if (source.startsWith('file://')) return fileURLToPath(source);
    const { sourceRoot = '' } = this.#map?.payload ?? {};
    const from = sourceRoot && !source.startsWith(sourceRoot) ? `${sourceRoot}/${source}` : source;
    return isAbsolute(from) ? from : resolve(dirname(this.#file), from);
  }
}

/** Jest's, in which a module of CommonJS is. */
const WRAPPER = /^\(\{"Object\.<anonymous>":function\([^)]*\)\{/;

// Written so that no tool takes this line itself for such a comment.
const COMMENT = /^\s*\/\/[#@] source(?:Mapping)URL=(\S+)\s*$/gm;

function mapOf(source: string, file: string): SourceMapPayload | null {
  const url = [...source.matchAll(COMMENT)].at(-1)?.[1];
  if (url === undefined) return null;
  try {
    const inline = /^data:application\/json;(?:charset=[^;]+;)?base64,(.+)$/.exec(url)?.[1];
    const text = inline
      ? Buffer.from(inline, 'base64').toString('utf8')
      : readFileSync(url.startsWith('file://') ? fileURLToPath(url) : resolve(dirname(file), decodeURI(url)), 'utf8');
    return JSON.parse(text) as SourceMapPayload;
  } catch {
    // A map that is not there is no reason not to show the line of what was compiled.
    return null;
  }
}
