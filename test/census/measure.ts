import { type AdapterName, run } from './application.js';
import type { Row, Seen, Verdict } from './row.js';
import { tenants } from './tenants.js';

/** How often each tenant asks. The first third of the rounds is one after another, then all ask at once. */
const ROUNDS = 7;

export interface Measurement {
  readonly verdict: Verdict;
  readonly counts: { readonly right: number; readonly none: number; readonly anothers: number };
  /** Tenants that were answered at least once. */
  readonly answered: ReadonlySet<string>;
}

/** Asks as every tenant, interleaved, in an application of the row's own. */
export async function measure(row: Row, adapter: AdapterName): Promise<Measurement> {
  const { rounds = ROUNDS } = row;
  const { ask, ...application } = row.build(adapter);
  const running = await run(adapter, tenants, application);
  try {
    const clients = tenants.map(running.client);
    const answers: { tenant: string; seen: Seen | undefined }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // Each is first in its turn.
      const turn = clients
        .map((_, n) => clients[(n + round) % clients.length])
        .filter((client) => client !== undefined);
      const answer = async (client: (typeof turn)[number]) => {
        answers.push({ tenant: client.tenant.id, seen: await ask(client) });
      };
      if (round < Math.floor(rounds / 3)) for (const client of turn) await answer(client);
      else await Promise.all(turn.map(answer));
    }
    const given = answers.filter(({ seen }) => seen !== undefined);
    const right = given.filter(({ tenant, seen }) => seen === tenant).length;
    const none = given.filter(({ seen }) => seen === 'none').length;
    const anothers = given.length - right - none;
    return {
      verdict: anothers > 0 ? "another's" : none > 0 ? 'none' : 'right',
      counts: { right, none, anothers },
      answered: new Set(given.map(({ tenant }) => tenant)),
    };
  } finally {
    await running.close();
  }
}
