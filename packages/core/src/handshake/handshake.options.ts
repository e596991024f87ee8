import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { LONGEST_TIMER } from '../longest-timer.js';
import type { AllowedOrigins } from './origin.js';

/** Options of whatever opens connections: who may open one, and how long it may live. */
export interface HandshakeOptions {
  /**
   * Pages of other hosts that may connect: a list of origins (`['https://app.example.com']`), or a function that decides. A page of the host that it connects to, and what is no browser, may always.
   * @defaultValue none
   */
  readonly origins?: AllowedOrigins | undefined;
  /**
   * Milliseconds after which the tenant of each open connection is looked up again. A suspended one is found after this time and the
   * registry's `cache.ttl` at most, or this time alone where `CachedTenantRegistry.invalidate` is called.
   * @defaultValue `30_000`
   */
  readonly recheck?: number | undefined;
}

/** The names of {@link HandshakeOptions}. */
export const handshakeOptionNames = ['origins', 'recheck'] as const satisfies readonly (keyof HandshakeOptions)[];

/** {@link HandshakeOptions} after validation. */
export interface ResolvedHandshakeOptions {
  readonly origins: readonly AllowedOrigins[];
  readonly recheck: number;
}

/** @throws `tenancy_misconfigured`, naming the first option that is wrong and the fix. */
export function resolveHandshakeOptions(place: string, options: HandshakeOptions): ResolvedHandshakeOptions {
  const { origins, recheck = 30_000 } = options;
  const wrong = (option: string, problem: string, fix: string) =>
    new TenancyConfigurationError(`${place}.${option}`, problem, fix);
  if (!Number.isSafeInteger(recheck) || recheck < 1 || recheck > LONGEST_TIMER) {
    throw wrong('recheck', `is not a whole number from 1 to ${LONGEST_TIMER}`, 'Pass milliseconds, or leave it out.');
  }
  if (origins === undefined || typeof origins === 'function') return { origins: origins ? [origins] : [], recheck };
  if (!Array.isArray(origins)) {
    throw wrong('origins', 'is neither a list nor a function', "Pass for example `['https://app.example.com']`.");
  }
  for (const origin of origins as readonly unknown[]) {
    if (typeof origin === 'string' && isOrigin(origin)) continue;
    const named = JSON.stringify(origin) ?? String(origin);
    throw wrong('origins', `${named} is not an origin`, "Write scheme and host: 'https://app.example.com'.");
  }
  return { origins: [origins as AllowedOrigins], recheck };
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, pathname } = new URL(text);
  return origin !== 'null' && pathname === '/' && (text === origin || text === `${origin}/`);
}
