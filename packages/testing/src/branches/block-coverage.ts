import inspector, { type Profiler, type Session } from 'node:inspector';
import { anotherCoverage } from './another-coverage.js';

/** A function as V8 counted it since the last look. */
export interface CountedFunction {
  readonly scriptId: string;
  /** The address of its script, as whoever compiled it gave it. */
  readonly url: string;
  readonly name: string;
  /** Of the function itself first, and then of blocks in it whose count is another than that of what they are in. */
  readonly ranges: readonly Profiler.CoverageRange[];
  /** False of a function that was compiled before coverage began: which of its blocks ran is not known. */
  readonly hasBlocks: boolean;
}

/** The text of a script, and where its first character stands in the file that it was made from. */
export interface ScriptText {
  readonly source: string;
  /** Negative where a module runner wrote something before it. */
  readonly startColumn: number;
}

/** Block coverage of this process, through V8's own counters. */
export interface BlockCoverage {
  /** Why it is off; null while it counts. */
  readonly off: string | null;
  /** The functions that ran since the last look; counts begin anew. */
  look(): readonly CountedFunction[];
  /** The texts of scripts by their ids. */
  textsOf(scriptIds: ReadonlySet<string>): ReadonlyMap<string, ScriptText>;
}

/** Jest evaluates this module once for each test file, and one process has one set of counters. */
const BEGUN = Symbol.for('@tenancy/testing:block-coverage');

// V1: as early as this module is evaluated. What is compiled before has counts of functions alone, and each of its blocks looks reached.
export const blockCoverage: BlockCoverage = begun();

function begun(): BlockCoverage {
  const shared = inspector as typeof inspector & { [BEGUN]?: BlockCoverage };
  shared[BEGUN] ??= begin();
  return shared[BEGUN];
}

function begin(): BlockCoverage {
  const another = anotherCoverage();
  if (another !== null) return offBecause(another);
  try {
    const session = new inspector.Session();
    session.connect();
    ask(session, 'Profiler.enable');
    ask(session, 'Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return { off: null, look: () => look(session), textsOf: textReader(session) };
  } catch (error) {
    return offBecause(`V8 does not count here: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function offBecause(off: string): BlockCoverage {
  return { off, look: () => [], textsOf: () => new Map() };
}

function look(session: Session): readonly CountedFunction[] {
  const { result } = ask(session, 'Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
  return result.flatMap(({ scriptId, url, functions }) =>
    functions
      .filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
      .map(({ functionName: name, ranges, isBlockCoverage: hasBlocks }) => ({
        scriptId,
        url,
        name,
        ranges,
        hasBlocks,
      })),
  );
}

/**
 * Reads scripts through the debugger, which stays enabled from the first time on: V8 takes the counters of all blocks away when it
 * is disabled. It stops nowhere.
 */
function textReader(session: Session): BlockCoverage['textsOf'] {
  const columns = new Map<string, number>();
  let isEnabled = false;
  return (scriptIds) => {
    if (!isEnabled) {
      session.on('Debugger.scriptParsed', ({ params: { scriptId, startLine, startColumn } }) =>
        columns.set(scriptId, startLine === 0 ? startColumn : 0),
      );
      ask(session, 'Debugger.enable');
      ask(session, 'Debugger.setSkipAllPauses', { skip: true });
      isEnabled = true;
    }
    return new Map(
      [...scriptIds].map((scriptId) => {
        const { scriptSource } = ask(session, 'Debugger.getScriptSource', { scriptId }) as { scriptSource: string };
        return [scriptId, { source: scriptSource, startColumn: columns.get(scriptId) ?? 0 }];
      }),
    );
  };
}

/** Within one process the answer is there at once. */
function ask(session: Session, method: string, parameters: object = {}): unknown {
  let answer: unknown;
  let failed: Error | null = null;
  session.post(method, parameters, (error, result) => {
    failed = error;
    answer = result;
  });
  if (failed) throw failed;
  return answer;
}
