import { outsideAnyTenant } from '@tenancy/core/adapter';
import { textsOf } from '../../canaries/canary-registry.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import type { ExampleCall } from '../target/example.js';
import { readRows } from '../target/read-rows.js';
import type { Transport } from '../target/transport.js';
import { INVENTED, invented } from './invented.js';

/** A call of the author's own. */
export function transportByCall(harness: IsolationHarness, { call, answersNothing }: ExampleCall): Transport {
  return {
    lateness: 0,
    answersNothing,
    requestFor: () => null,
    call: async ({ identity, tenant, rows }) => {
      const sent: string[] = [identity.host ?? '', ...Object.values(identity.headers ?? {})];
      const caller = {
        tenant,
        identity: { host: identity.host, headers: identity.headers ?? {} },
        url: harness.url,
        app: harness.app,
        client: harness.client(identity),
        canary: (name: string) => {
          const text = tenant ? invented(harness, tenant, name) : `${INVENTED} ${name}`;
          sent.push(text);
          return text;
        },
      };
      const answered = { request: null, answer: null };
      const watched = readRows(rows, (value) => {
        for (const [, text] of textsOf('', value)) sent.push(text);
      });
      try {
        const seen = await inTimeOf(
          harness,
          outsideAnyTenant(() => call(watched, caller)),
        );
        return { ...answered, seen, isRefused: false, error: null, sent: sent.join('\n').toLowerCase() };
      } catch (reason) {
        if (reason instanceof DidNotEnd) throw reason;
        const error = reason instanceof Error ? reason : new Error(String(reason));
        return { ...answered, seen: null, isRefused: true, error, sent: sent.join('\n').toLowerCase() };
      }
    },
  };
}

class DidNotEnd extends Error {}

/** @throws DidNotEnd where the work takes longer than a request may. */
async function inTimeOf<T>({ timeout }: IsolationHarness, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    const error = new DidNotEnd(`the \`call\` did not end within ${timeout} ms (\`timeout\` of the harness).`);
    timer = setTimeout(() => reject(error), timeout);
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}
