import type { Route } from '../discovery/entrance.js';
import { isOfApplication } from './application-files.js';
import type { ScriptText } from './block-coverage.js';
import type { Span } from './blocks.js';
import { conditionOf } from './condition.js';
import { OriginalSource, type SourceLine } from './original-source.js';
import type { PartlyRun } from './reached-blocks.js';
import { reachingInput } from './reaching-input.js';
import { displayedLine, pathFrom } from './source-line.js';

/** A branch of the application's code that no call reached. */
export interface UnreachedBranch {
  /** The file, from the directory in which the process runs. */
  readonly file: string;
  /** The first is 1. */
  readonly line: number;
  /** The line, shortened. */
  readonly text: string;
  /** The input that would reach it, where it can be read from the code: `?archived=true`. */
  readonly input?: string;
  /** True when all that it does is to throw, as a refusal does. */
  readonly onlyThrows: boolean;
}

/** Reads branches from the texts of scripts, of which it keeps what it has read. */
export class UnreachedBranches {
  readonly #texts = new Map<string, ScriptText>();
  readonly #sources = new Map<string, OriginalSource>();
  readonly #lines = new Map<string, SourceLine | null>();
  readonly #isApplication = new Map<string, boolean>();

  /**
   * @param textsOf - the texts of scripts by their ids
   * @param classes - the texts of classes of the application, which tell its files from tests beside them
   */
  constructor(
    private readonly textsOf: (scriptIds: ReadonlySet<string>) => ReadonlyMap<string, ScriptText>,
    private readonly classes: () => readonly string[],
  ) {}

  /** The branches of functions that did not run, each once, in the order of files and lines. */
  of(functions: readonly PartlyRun[], route: Route | null): readonly UnreachedBranch[] {
    this.#read(functions);
    const found = new Map<string, UnreachedBranch>();
    for (const one of functions) {
      for (const span of one.unrun ?? []) {
        const branch = this.#branch(one, span, route);
        if (branch) found.set(`${branch.file}:${branch.line}:${branch.input ?? ''}`, branch);
      }
    }
    return [...found.values()].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
  }

  /** The place of a method, `JobsController.find`, among functions that ran. */
  placeOf(functions: readonly PartlyRun[], method: string): { readonly file: string; readonly line: number } | null {
    const [className = '', name = ''] = method.split('.');
    const named = functions.filter((each) => each.name === name);
    this.#read(named);
    for (const one of named) {
      const { source = '' } = this.#texts.get(one.scriptId) ?? {};
      // The last class that begins before it.
      const above = [...source.slice(0, one.span[0]).matchAll(/\bclass\s+(\w+)/g)].at(-1)?.[1];
      const at = above === className ? this.#lineOf(one, one.span[0]) : null;
      if (at) return { file: pathFrom(at.file), line: at.line };
    }
    return null;
  }

  /** Functions that may have branches and were compiled too early for anybody to know: `JobsService.find (src/jobs.ts:12)`. */
  unknownOf(functions: readonly PartlyRun[]): readonly string[] {
    const unknown = functions.filter(({ unrun }) => unrun === null);
    this.#read(unknown);
    return unknown.flatMap((one) => {
      const { source = '' } = this.#texts.get(one.scriptId) ?? {};
      if (!BRANCHES.test(source.slice(...one.span))) return [];
      const at = this.#lineOf(one, one.span[0]);
      return at ? [`${one.name || 'a function'} (${pathFrom(at.file)}:${at.line})`] : [];
    });
  }

  #read(functions: readonly PartlyRun[]): void {
    const unread = new Set(functions.map(({ scriptId }) => scriptId).filter((id) => !this.#texts.has(id)));
    if (unread.size === 0) return;
    for (const [scriptId, text] of this.textsOf(unread)) this.#texts.set(scriptId, text);
  }

  #branch(one: PartlyRun, [start, end]: Span, route: Route | null): UnreachedBranch | null {
    const { source } = this.#texts.get(one.scriptId) ?? { source: '' };
    const code = source.slice(start, end);
    // Counters begin and end between tokens, compilers write `void 0` for what is not there, and Vite an empty `catch` at each export.
    if (/^(?:\s*catch\b)?[\s{}();,]*$|^\s*[?:&|]*\s*(?:void 0|undefined)\s*$/.test(code)) return null;
    const begins = start + (/^\s*(?:else\b|\?\?|[?:]|&&|\|\|)?\s*/.exec(code)?.[0].length ?? 0);
    const at = this.#lineOf(one, begins);
    if (!at) return null;
    const condition = conditionOf(source, one.span[0], start);
    const input = condition && reachingInput(condition, route);
    return {
      file: pathFrom(at.file),
      line: at.line,
      text: displayedLine(at),
      ...(input !== null && { input }),
      onlyThrows: ONLY_THROWS.test(code),
    };
  }

  /** Kept, as the same places are asked for after each entrance. */
  #lineOf(one: PartlyRun, offset: number): SourceLine | null {
    const place = `${one.scriptId}:${offset}`;
    const known = this.#lines.get(place);
    if (known !== undefined) return known;
    const line = this.#lineIn(one, offset);
    this.#lines.set(place, line);
    return line;
  }

  #lineIn({ scriptId, file }: PartlyRun, offset: number): SourceLine | null {
    const text = this.#texts.get(scriptId);
    if (!text) return null;
    const source = this.#sources.get(scriptId) ?? new OriginalSource(file, text);
    this.#sources.set(scriptId, source);
    const at =
      source.lineAt(offset) ?? source.lineAt(offset + (/^\S?\s*/.exec(text.source.slice(offset))?.[0].length ?? 0));
    return at && this.#isOfApplication(at, text) ? at : null;
  }

  #isOfApplication({ file, lines }: SourceLine, { source }: ScriptText): boolean {
    const known = this.#isApplication.get(file);
    if (known !== undefined) return known;
    const is = isOfApplication(file, lines.join('\n'), () => this.classes().some((each) => source.includes(each)));
    this.#isApplication.set(file, is);
    return is;
  }
}

/** Of a block, or of the statement that an `if` without braces has. */
const ONLY_THROWS = /^\s*(?:else\b)?\s*(?:case[^:]+:|default\s*:)?\s*\{?\s*throw\b[^;]*;?\s*\}?\s*$/;

const BRANCHES = /\b(?:if|switch|catch|for|while)\b|\?|&&|\|\|/;
