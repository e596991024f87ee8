import { isIP } from 'node:net';
import { createInterface } from 'node:readline/promises';
import { domainToASCII } from 'node:url';
import { type Application, ORMS, type Orm } from './application.js';
import { NothingChanged } from './workspace.js';

/** Asks a person; null where there is none, as in a script or in CI. */
export type Ask = ((question: string) => Promise<string>) | null;

/** Asks on the terminal, as the command itself would. */
export function terminal({ stdin, stdout, env, argv } = process): Ask {
  const isAlone = !stdin.isTTY || !stdout.isTTY || (env['CI'] ?? 'false') !== 'false';
  if (isAlone || argv.includes('--no-interactive') || argv.includes('--interactive=false')) return null;
  return async (question) => {
    const lines = createInterface({ input: stdin, output: stdout });
    try {
      return (await lines.question(`${question} `)).trim();
    } finally {
      lines.close();
    }
  };
}

/** The sources of a request's tenant. */
export interface Sources {
  readonly baseDomain: string | null;
  readonly tokens: boolean;
}

const HOST = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/**
 * The sources that were told, and those that a person answers.
 *
 * @throws NothingChanged where nothing names a tenant, or the domain is none.
 */
export async function chosenSources(
  { baseDomain, tokens }: { readonly baseDomain?: string | undefined; readonly tokens?: boolean | undefined },
  ask: Ask,
): Promise<Sources> {
  const isTold = baseDomain !== undefined || tokens !== undefined;
  const domain =
    baseDomain ??
    (ask && !tokens ? await ask('Below which domain has each tenant a name, such as app.example.com? (none)') : '');
  const answer =
    tokens ?? (ask && baseDomain === undefined ? await ask('Do signed tokens (JWT) name the tenant too? (y/N)') : 'no');
  const sources = { baseDomain: domain === '' ? null : domain.toLowerCase(), tokens: /^(?:true|y)/i.test(`${answer}`) };
  if (sources.baseDomain !== null && (!HOST.test(sources.baseDomain) || isIP(sources.baseDomain) !== 0)) {
    // Browsers and DNS have other letters than a to z in this form alone.
    const ascii = domainToASCII(sources.baseDomain);
    throw new NothingChanged(
      `${JSON.stringify(sources.baseDomain)} is no domain`,
      ascii !== sources.baseDomain && HOST.test(ascii)
        ? `Say it as browsers send it: --base-domain ${ascii}`
        : 'Say it without https:// and without a port: --base-domain app.example.com. An address in numbers has no names below it',
    );
  }
  if (sources.baseDomain === null && !sources.tokens) {
    const asked = ask || isTold ? '' : ', and there is nobody to ask';
    throw new NothingChanged(
      `nothing says where the tenant of a request comes from${asked}`,
      'Pass --base-domain app.example.com, where acme.app.example.com is acme; --tokens, where a signed token (JWT) names the tenant; or both, which then must agree.',
    );
  }
  return sources;
}

/**
 * The ORM that was told, or the one that the application has.
 *
 * @throws NothingChanged where it has both and nobody says which.
 */
export async function chosenOrm({ orms, has }: Application, told: string | undefined, ask: Ask): Promise<Orm | 'none'> {
  const known: readonly (Orm | 'none')[] = [...ORMS, 'none'];
  const named = (name: string) => known.find((each) => each === name.toLowerCase());
  if (told !== undefined) {
    const orm = named(told);
    if (orm) return orm;
    throw new NothingChanged(`--orm ${told} is not known`, `There are ${known.join(', ')}.`);
  }
  // Those that are registered already are no question any more.
  const open = orms.filter((orm) => !has(`@tenancy/${orm}`));
  if (orms.length < 2) return orms[0] ?? 'none';
  const answer =
    ask && open.length > 0 ? named(await ask('Which ORM is held to the tenant: prisma, typeorm or none?')) : undefined;
  if (answer) return answer;
  if (open.length < orms.length) return 'none';
  throw new NothingChanged(
    'the application has Prisma and TypeORM',
    'Pass --orm prisma, --orm typeorm or --orm none. For both, run it once for each.',
  );
}
