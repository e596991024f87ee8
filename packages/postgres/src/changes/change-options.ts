import type { ClientConfig } from 'pg';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../errors/require-arguments.js';
import { requireConnectionOption } from '../errors/require-connection.js';
import type { Change } from './plan/plan-change.js';
import type { ChangeProgress } from './run/progress.js';
import type { Limits } from './run/run.js';

/** Options of {@link changeStatus}, and of all that works on changes. */
export interface ConnectedOptions {
  /**
   * The database, as a URL or as `pg` takes it, and without a pooler in between. The role must own the table, or be a member of the
   * role that does, and no policy may hold it.
   */
  readonly connection: string | ClientConfig;
}

/** Options of {@link change} and {@link adopt}: how much they may be noticed, and who is told. */
export interface RunOptions extends ConnectedOptions, Partial<Limits> {
  /**
   * Milliseconds for which writers may have to wait behind a lock that the change waits for.
   * @defaultValue `100`
   */
  readonly lockTimeout?: number;
  /**
   * Milliseconds that a statement under an exclusive lock may take. Those that are sent take a few.
   * @defaultValue `2000`
   */
  readonly statementTimeout?: number;
  /**
   * Milliseconds for which a step tries to get its lock, before it gives up and names who is in the way.
   * @defaultValue `600000`
   */
  readonly giveUpAfter?: number;
  /**
   * Milliseconds that a batch of a backfill should take; its size is adapted.
   * @defaultValue `100`
   */
  readonly batchTime?: number;
  /**
   * The share of the time that the backfill works, above 0 and up to 1; the rest is for others.
   * @defaultValue `0.5`
   */
  readonly maxShare?: number;
  /**
   * Milliseconds by which the slowest replica may be behind, before the backfill waits for it.
   * @defaultValue `10000`
   */
  readonly maxReplicationLag?: number;
  /**
   * True to be told the SQL of each step, and to have nothing changed.
   * @defaultValue `false`
   */
  readonly dryRun?: boolean;
  /**
   * Hears of each step, batch and wait.
   * @defaultValue nobody
   */
  readonly onProgress?: (event: ChangeProgress) => void;
  /**
   * Stops it after the statement under way, which is cancelled. Running it again goes on from there.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
}

/** Options of {@link change}. */
export interface ChangeOptions extends RunOptions {
  /** The change, as `addColumn` makes it. */
  readonly change: Change;
  /**
   * Name under which it is kept. The same name stands for the same change.
   * @defaultValue its kind and what it is about
   */
  readonly name?: string;
}

/** The limits that are not given. */
export const LIMITS: Limits = {
  lockTimeout: 100,
  statementTimeout: 2_000,
  giveUpAfter: 600_000,
  batchTime: 100,
  maxShare: 0.5,
  maxReplicationLag: 10_000,
};

/** PostgreSQL's, and Node's timers take no longer delay. */
const LONGEST = 2 ** 31 - 1;

/** @throws `floor_misconfigured` for an option that is wrong or unknown. */
export function requireChange(options: ChangeOptions): Limits {
  const limits = limitsOf('change', options, ['change', 'name']);
  const { change, name } = options;
  if (typeof change !== 'object' || change === null || typeof change.kind !== 'string') {
    throw misconfigured(
      `change: the option \`change\` is ${said(change)}, which says nothing to be changed. Pass what \`addColumn\` or one beside it returns.`,
    );
  }
  if (name !== undefined) requireName('change', 'name', name);
  return limits;
}

/**
 * @param own - options that the place has besides
 * @throws `floor_misconfigured` for an option that is wrong or unknown.
 */
export function limitsOf(place: string, options: RunOptions, own: readonly string[]): Limits {
  requireConnected(place, options, [...own, 'dryRun', 'onProgress', 'signal', ...Object.keys(LIMITS)]);
  const { dryRun, onProgress, signal } = options;
  if (dryRun !== undefined && typeof dryRun !== 'boolean') {
    throw misconfigured(`${place}: the option \`dryRun\` is ${said(dryRun)}. Use true or false, or leave it out.`);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw misconfigured(
      `${place}: the option \`onProgress\` is ${said(onProgress)}. Pass a function, or leave it out.`,
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw misconfigured(`${place}: the option \`signal\` is ${said(signal)}. Pass an AbortSignal, or leave it out.`);
  }
  return Object.fromEntries(
    Object.entries(LIMITS).map(([limit, usual]) => [limit, number(place, options, limit, usual)]),
  ) as unknown as Limits;
}

/** @throws `floor_misconfigured` for options that are unknown, and where `connection` does not say which database is meant. */
export function requireConnected(place: string, options: ConnectedOptions, known: readonly string[]): void {
  requireOptions(place, options, 'connection');
  refuseUnknown(place, options, ['connection', ...known]);
  requireConnectionOption(place, 'connection', options.connection);
}

function number(place: string, options: object, option: string, usual: number): number {
  const value = (options as Readonly<Record<string, unknown>>)[option];
  if (value === undefined) return usual;
  const most = option === 'maxShare' ? 1 : LONGEST;
  if (typeof value === 'number' && value > 0 && value <= most && (most === 1 || Number.isInteger(value))) return value;
  throw misconfigured(
    `${place}: the option \`${option}\` is ${said(value)}. Use a number above 0 and up to ${most}, or leave it out.`,
  );
}
