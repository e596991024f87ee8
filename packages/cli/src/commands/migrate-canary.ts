import type { Canary } from '@tenancy/postgres/migrations';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';

/** Flags about tenants that are migrated before all others. */
export interface CanaryFlags {
  readonly canary?: readonly string[];
  readonly canaryFirst?: number;
  readonly pause?: number;
  readonly confirm?: boolean;
  readonly yes?: boolean;
}

/**
 * The canaries of flags and configuration together.
 *
 * @param makeRoom - called before a question is asked on the terminal
 * @throws CliError `wrong_use` where there is nobody to ask.
 */
export function canaryOf({ canary }: TenancyConfig, flags: CanaryFlags, makeRoom: () => void): Canary | undefined {
  if (flags.canary !== undefined && flags.canaryFirst !== undefined) {
    throw new CliError('wrong_use', '--canary and --canary-first both say who is first. Leave one of them out.');
  }
  const tenants = flags.canary ?? flags.canaryFirst ?? canary?.tenants;
  if (tenants === undefined) {
    const alone = flags.confirm ? '--confirm' : flags.pause === undefined ? null : '--pause';
    if (alone === null) return canary;
    throw new CliError(
      'wrong_use',
      `${alone} is about canaries, and there are none. Name them with --canary or --canary-first.`,
    );
  }
  const { confirm: own, ...rest } = canary ?? {};
  const confirm = flags.confirm ? asking(flags, makeRoom) : own;
  return {
    ...rest,
    tenants,
    ...(flags.pause === undefined ? {} : { pauseMillis: Math.round(flags.pause * 1_000) }),
    ...(confirm === undefined ? {} : { confirm }),
  };
}

function asking({ yes }: CanaryFlags, makeRoom: () => void): () => Promise<boolean> {
  if (yes) return async () => true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CliError(
      'wrong_use',
      '--confirm asks a question, and there is no terminal to ask it on. Add --yes, or leave --confirm out.',
    );
  }
  return async () => {
    makeRoom();
    const { confirm } = await import('@clack/prompts');
    const answer = await confirm({
      message: 'The canaries are up to date. Go on with all others?',
      initialValue: false,
      output: process.stderr,
    });
    return answer === true;
  };
}
