import type { Client, Reply, Sending } from '../client.js';
import { sent } from '../rows/multipart.js';
import type { Log } from './log.js';
import type { Answer } from './storming.js';

/** The same numbers for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export interface Weather {
  readonly clients: readonly Client[];
  /** Of Passport's. */
  readonly token: string;
  readonly requests: number;
  readonly atOnce: number;
  readonly seed: number;
}

/** The fate of all requests. */
export interface Tally {
  answered: number;
  /** The client went away before it had an answer. */
  aborted: number;
  /** Sent with the sessions of another tenant, and refused. */
  refused: number;
}

const WAYS = [
  '/jobs?how=cached',
  '/jobs?how=cached',
  '/jobs?how=plain',
  '/jobs?how=slow',
  '/jobs?how=transaction',
  '/stream',
  '/upload',
];

/** Sends all requests, many of which are given up at a random moment, and notes whose each answer is. */
export async function blow({ clients, token, requests, atOnce, seed }: Weather, log: Log): Promise<Tally> {
  const below = random(seed);
  const signedIn = new Set<Client>();
  const tally: Tally = { answered: 0, aborted: 0, refused: 0 };
  const any = () => clients[below(clients.length)] as Client;
  let left = requests;
  /** How long an answer takes, in milliseconds, lately. */
  let usual = 10;

  const next = async (): Promise<void> => {
    const client = any();
    if (!signedIn.has(client)) return signIn(client);
    const other = any();
    if (below(25) === 0 && other !== client && signedIn.has(other)) return forge(client, other);
    const way = WAYS[below(WAYS.length)] as string;
    const sending = way === '/upload' ? upload(client.tenant.id) : {};
    const { signal, moment } = below(5) < 2 ? givenUp(below(usual)) : {};
    const headers = { ...sending.headers, authorization: `Bearer ${token}` };
    const began = performance.now();
    try {
      note(way, client, await client.send(way, { ...sending, headers, ...(signal && { signal }) }));
    } catch (error) {
      if (!signal?.aborted) throw error;
      tally.aborted += 1;
    } finally {
      clearTimeout(moment);
      if (!signal) usual += (performance.now() - began - usual) / 10;
    }
  };

  const note = (way: string, { tenant }: Client, { status, text, body }: Reply): void => {
    if (status >= 300) log.note(way, tenant.id, text.includes('tenant_') ? 'none' : text);
    for (const found of (body as Partial<Answer>).tenants ?? []) log.note(way, tenant.id, found);
    tally.answered += 1;
  };

  const signIn = async (client: Client): Promise<void> => {
    const body = JSON.stringify({ username: 'somebody', password: 'something' });
    note('/sign-in', client, await client.send('/sign-in', { body, headers: { 'content-type': 'application/json' } }));
    signedIn.add(client);
  };

  const forge = async (client: Client, other: Client): Promise<void> => {
    const headers = { cookie: other.cookie, authorization: `Bearer ${token}`, 'x-forged': 'yes' };
    const { status, text } = await client.fresh().send('/jobs', { headers });
    if (status !== 401 || !text.includes('tenant_mismatch'))
      throw new Error(`A forged request was answered: ${status} ${text}`);
    tally.refused += 1;
  };

  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left > 0) {
        left -= 1;
        await next();
      }
    }),
  );
  return tally;
}

function givenUp(after: number): { signal: AbortSignal; moment: NodeJS.Timeout } {
  const controller = new AbortController();
  return { signal: controller.signal, moment: setTimeout(() => controller.abort(), after) };
}

/** A file whose content names the tenant. */
const upload = (tenantId: string): Sending =>
  sent(
    'multipart/form-data; boundary=end',
    ['--end', 'content-disposition: form-data; name="file"; filename="cv.txt"', 'content-type: text/plain', '']
      .concat(tenantId, '--end--', '')
      .join('\r\n'),
  );
