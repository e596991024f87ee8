import type { Change, ChangeProgress, ChangeResult } from '@tenancy/postgres/changes';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import { explainConnection } from '../errors/explain-connection.js';
import { Interruption } from '../interruption.js';
import type { Output } from '../output/output.js';
import { counted } from '../output/words.js';
import { changeDisplayFor } from '../progress/change-display.js';
import { connectionOf, type RunFlags, runOptionsOf } from './run-options.js';

/** A change that is to be made, under a name of its own if it has one. */
export interface WantedChange {
  readonly change: Change;
  readonly name?: string;
}

/** Makes one change after the other; the first that fails is the last. */
export async function makeChanges(
  wanted: readonly WantedChange[],
  config: TenancyConfig,
  flags: RunFlags,
  output: Output,
): Promise<number> {
  const { change } = await import('@tenancy/postgres/changes');
  const connection = connectionOf(config);
  await watched(output, async (watch) => {
    if (!flags.dryRun) {
      for (const one of apart(wanted))
        await change({ connection, ...runOptionsOf(flags), ...one, ...watch, dryRun: true });
    }
    for (const one of wanted) {
      const result = await change({ connection, ...runOptionsOf(flags), ...one, ...watch });
      reportChange(result, flags, output);
    }
  });
  return EXIT.done;
}

/** Those behind the first that can be looked at before it is made: no change before them makes, or takes away, what they name or meet. */
function apart(wanted: readonly WantedChange[]): readonly WantedChange[] {
  const names: string[] = [];
  let isOpen = true;
  return wanted.filter(({ change }, index) => {
    const said = JSON.stringify(change);
    const isApart = index > 0 && isOpen && !names.some((name) => said.includes(name));
    for (const key of ['column', 'from', 'to', 'name']) {
      const name = (change as unknown as Readonly<Record<string, unknown>>)[key];
      if (typeof name === 'string') names.push(name);
    }
    isOpen &&= change.kind !== 'drop trigger' && change.kind !== 'finish rename';
    return isApart;
  });
}

/** The ways by which a run is watched and stopped. */
export interface Watch {
  readonly onProgress: (event: ChangeProgress) => void;
  readonly signal: AbortSignal;
}

/** Runs `work` with its progress shown, until it is done or Ctrl+C is pressed. */
export async function watched<R>(output: Output, work: (watch: Watch) => Promise<R>): Promise<R> {
  const { namedBlocker } = await import('@tenancy/postgres/changes');
  const display = changeDisplayFor(output, namedBlocker);
  const interruption = new Interruption(() =>
    display.say('The run ends here; the batch or statement under way is taken back. Once more ends it at once.'),
  );
  try {
    return await work({ onProgress: (event) => display.show(event), signal: interruption.signal });
  } catch (error) {
    throw explainConnection(error);
  } finally {
    interruption.close();
    display.close();
  }
}

/** A change that was made, or in a dry run its steps. */
export function reportChange(result: ChangeResult, { dryRun }: RunFlags, output: Output): void {
  const { name, steps, done } = result;
  if (dryRun) {
    output.object({ type: 'plan', name, steps });
    if (!output.isJson) output.raw(planOf(result));
    return;
  }
  output.object({ type: 'result', name, steps: steps.map((step) => step.name), done });
  if (done.length === 0) output.line(`Was done already: ${name}.`);
  else output.line(`Done: ${name}, ${counted(done.length, 'step')}.`);
}

/** The steps as SQL, each with the lock that it takes. */
function planOf({ name, steps }: ChangeResult): string {
  const parts = steps.map(({ name: step, sql, lock }, index) => {
    const head = `-- ${index + 1} of ${steps.length}  ${step}: ${lock}`.replaceAll(/\p{Cc}/gu, '?');
    return `${head}\n${sql.map((statement) => `${statement};\n`).join('')}`;
  });
  return `-- ${name.replaceAll(/\p{Cc}/gu, '?')}\n${parts.join('')}\n`;
}
