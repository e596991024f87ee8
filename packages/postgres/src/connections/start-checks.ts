import { Logger } from '@nestjs/common';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { unreachable } from '../errors/unreachable.js';
import type { Connection } from '../protocol/connection.js';
import type { BoundClient } from './bound-client.js';
import { catalogsOf } from './catalogs.js';
import type { Isolation } from './isolation.js';
import type { StartChecks, StartFinding } from './start-check.js';
import { examineTwoTenants } from './two-tenants.js';

const logger = new Logger('TenantPool');

/** Milliseconds without a word from the server after which the checks are given up: every query waits for them. */
const SILENCE_TIMEOUT = 15_000;

/**
 * Looks whether the database holds tenants apart, through the connection that queries will use.
 *
 * @throws `floor_unsafe` with every finding and its fix.
 */
export async function runStartChecks(
  client: BoundClient,
  isolation: Pick<Isolation, 'setting' | 'verify'>,
  checks: StartChecks,
): Promise<void> {
  client.hold('setup');
  const catalogs = catalogsOf(client);
  const stopWaiting = endWhenSilent(client);
  const format = client as unknown as { binary: boolean };
  const { binary } = format;
  format.binary = false;
  const all: StartFinding[] = [];
  try {
    all.push(...((await isolation.verify?.(catalogs)) ?? []));
    // A tenant that is preset is read by whoever has none, which the two tenants would only report once more.
    const isPreset = checks['preset-tenant'] === undefined && all.some(({ rule }) => rule === 'preset-tenant');
    if (checks['two-tenants'] !== 'off' && !isPreset) all.push(...(await examineTwoTenants(client, isolation.setting)));
  } finally {
    stopWaiting();
    format.binary = binary;
  }
  const findings = all.filter(({ rule }) => checks[rule] !== 'off');
  for (const found of findings) if (checks[found.rule] === 'warn') logger.warn(sentence(found));
  const errors = findings.filter(({ rule }) => checks[rule] !== 'warn');
  if (errors.length === 0) return;
  throw new TenantFloorError(
    'floor_unsafe',
    `the database does not hold tenants apart, so no query was sent.\n${errors.map(sentence).join('\n')}\n` +
      "Where that is known and meant, the pool's option `checks` turns a check into a warning: " +
      `{ checks: { '${errors[0]?.rule}': 'warn' } }.`,
  );
}

function endWhenSilent(client: BoundClient): () => void {
  const { stream } = (client as unknown as { readonly connection: Connection }).connection;
  const timer = setTimeout(() => stream.destroy(unreachable(SILENCE_TIMEOUT)), SILENCE_TIMEOUT).unref();
  const heard = () => timer.refresh();
  stream.on('data', heard);
  return () => {
    stream.off('data', heard);
    clearTimeout(timer);
  };
}

function sentence({ rule, subject, message, fix }: StartFinding): string {
  return `- ${rule}: ${subject}: ${message}\n  Fix: ${fix}`;
}
