import { type Command, InvalidArgumentError } from 'commander';
import { type Need, resolveConfig } from '../config/resolve-config.js';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { Output } from '../output/output.js';
import { reportError } from '../output/report-error.js';

/** Flags that every command has. */
export interface CommonFlags {
  readonly config?: string;
  readonly directory?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** A command's work, told its arguments as well: it answers with the exit code. */
export type Work<Flags> = (
  config: TenancyConfig,
  flags: Flags,
  output: Output,
  args: readonly string[],
) => Promise<number>;

/** @param hasDirectory - false for a command that has nothing to do with migrations */
export function addCommonOptions(command: Command, { hasDirectory = true } = {}): Command {
  command.option('--config <file>', 'the configuration (default: tenancy.config.* in this folder or above it)');
  if (hasDirectory) command.option('--directory <folder>', 'the migrations, in place of those of the configuration');
  return command
    .option('--json', 'one object a line on stdout, and nothing but errors on stderr')
    .option('--verbose', 'errors with their stack');
}

/** Runs `work` with what flags, environment and configuration say, and reports whatever fails. */
export function doing<Flags extends CommonFlags>(
  work: Work<Flags>,
  end: (code: number) => void,
  needs?: readonly Need[],
) {
  // What commander passes: the arguments, the flags, the command.
  return async (...passed: readonly unknown[]): Promise<void> => {
    const [flags, command] = passed.slice(-2) as [Flags, Command];
    const args = passed.slice(0, -2) as string[];
    const output = new Output(process, flags.json === true, flags.verbose === true);
    try {
      refuseFlagsOfParent(command);
      const { config: file, directory } = flags;
      const config = await resolveConfig({ cwd: process.cwd(), env: process.env, file, directory, needs });
      end(await work(config, flags, output, args));
    } catch (error) {
      end(reportError(error, output));
    }
  };
}

/** A flag in front of the name of a command is another command's, and would say nothing here. */
function refuseFlagsOfParent(command: Command): void {
  const { parent } = command;
  const given = parent?.options.find((option) => parent.getOptionValueSource(option.attributeName()) === 'cli');
  if (!parent || !given) return;
  const [own, other] = [command.name(), parent.name()];
  throw new CliError(
    'wrong_use',
    `${given.long} stands in front of \`${own}\`, where it is a flag of \`${other}\`. Put it behind, if \`${own}\` has it.`,
  );
}

/** A parser of a flag that is a number. */
export function numberFrom(least: number, most: number, { isWhole = true } = {}) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`Use a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}.`);
  };
}

/** A parser of a flag in seconds. */
export const seconds = numberFrom(0, 2_000_000, { isWhole: false });

/** A parser of a share: `0.05`, or `5%`. */
export function share(text: string): number {
  const [, digits = text, percent] = /^([\d.]+)(%?)$/.exec(text.trim()) ?? [];
  return numberFrom(0, percent ? 100 : 1, { isWhole: false })(digits) / (percent ? 100 : 1);
}

/** A parser of a flag that may be given again. */
export function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
