import { nearestOf } from '../errors/known-options.js';
import { NothingChanged } from './workspace.js';

/** The options of `nest add @tenancy/core`, as nest-add.json describes them. */
export const NEST_ADD_OPTIONS = [
  'baseDomain',
  'tokens',
  'orm',
  'shared',
  'module',
  'localPostgres',
  'sourceRoot',
  'skipInstall',
] as const;

/** Options of Nest's own command, which passes them along too. */
const NESTS_OWN = ['project', 'p', 's', 'dryRun'];

/** @throws NothingChanged for an option that nothing would read: an application without tokens looks as one with them. */
export function refuseUnknown(options: object): void {
  const known: readonly string[] = [...NEST_ADD_OPTIONS, ...NESTS_OWN];
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.map(([name]) => name).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const told = [...NEST_ADD_OPTIONS.filter((name) => name !== 'sourceRoot'), 'project', 'dryRun'];
  // Nest's command reads `-d`, and then writes all the same.
  const nearest = unknown === 'd' ? 'dryRun' : nearestOf(unknown, told);
  throw new NothingChanged(
    `${flag(unknown)} is not known`,
    `${nearest ? `Did you mean ${flag(nearest)}? ` : ''}There are ${told.map(flag).join(', ')}.`,
  );
}

const flag = (name: string) =>
  name.length === 1 ? `-${name}` : `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
