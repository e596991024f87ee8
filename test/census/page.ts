import { census } from './census.js';
import type { Row, Subject } from './row.js';

const fixes = new Set(census.flatMap(({ rows }) => rows.flatMap(({ fix = [] }) => fix)));

/** Right without anybody's doing: what stands as the way to put another row right is not repeated. */
const rightByItself = (rows: readonly Row[]) =>
  rows.filter(({ verdict, what }) => verdict === 'right' && !fixes.has(what));

const RUNS_AS = { none: 'nobody', "another's": '**another tenant**', right: 'its own tenant' };

function sectionOf({ about, note, rows }: Subject): string {
  const right = rightByItself(rows).map(({ what }) => `- ${what}`);
  const others = rows.filter(({ verdict }) => verdict !== 'right');
  const table = aligned([
    ['', 'runs as', 'right is'],
    ...others.map(({ what, verdict, fix = '' }) => [what, RUNS_AS[verdict], fix]),
  ]);
  return [
    `## ${about}`,
    ...(note ? [note] : []),
    ...(right.length > 0 ? [`Right by itself:\n\n${right.join('\n')}`] : []),
    ...(others.length > 0 ? [table] : []),
  ].join('\n\n');
}

/** As the formatter has tables. */
function aligned([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, n) => Math.max(3, ...[head, ...rows].map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0, fill)).join(' | ')} |`;
  const rule = line(
    head.map(() => ''),
    '-',
  );
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}

/** `docs/contexts.md`, whole. */
export const page = `# What is right by itself, what needs \`bind\`, what must be made at start

The tenant travels in one AsyncLocalStorage, so code runs as whoever _started_ it. Most of what an application calls starts with the
call and ends with its answer, and is right by itself. What lives longer than one request, or works for several at once, is not.

1. **What you \`await\` gives you back as yourself**, whoever did the work: \`await\`, \`for await\`, \`firstValueFrom\`.
2. **A callback runs as whoever woke it.** On a shared emitter, connection, queue or timer that can be another request: hand it
   \`context.bind(callback)\`.
3. **What is made inside a request is that tenant's for good**: a worker, a subscriber, a consumer, a \`LISTEN\`, a thread, a cron job of your own, a
   socket, and a connection that is opened when it is first needed. Make it when the application starts. There it is nobody's, and says so
   loudly (\`tenant_context_missing\`), until each message enters the tenant it names.
4. **What batches or refreshes runs as whoever was first**: put the tenant into its key, or make one for each tenant.

\`\`\`ts
import type { EventEmitter } from 'node:events';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { TenantContext, TenantRegistry } from '@tenancy/core';

declare const subscriber: EventEmitter; // of any broker
declare const send: (text: string) => Promise<void>;

@Injectable()
export class Reminders implements OnModuleInit {
  constructor(
    @Inject(TenantContext) private readonly context: TenantContext,
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
  ) {}

  // Not in a handler, where it would be the first caller's for good.
  onModuleInit() {
    subscriber.on('reminder', async ({ tenantId, text }: { tenantId: string; text: string }) => {
      const tenant = await this.registry.findById(tenantId);
      if (tenant) await this.context.run(tenant, () => send(text));
    });
  }
}
\`\`\`

Enter the tenant of a message only where you trust who can publish there: whoever can, chooses the tenant. A subscriber that was made inside a
request by mistake cannot enter another's: \`run\` throws \`tenant_switch_refused\`.

One for each tenant, of what batches or caches and cannot be told in a key: an LRU cache with a \`fetchMethod\`, a DataLoader that lives longer than a
request. It keeps those of the tenants that were seen last, 1,000 unless told otherwise:

\`\`\`ts
import { perTenant } from '@tenancy/core';

declare class DataLoader<K, V> {
  constructor(load: (keys: readonly K[]) => Promise<V[]>);
  load(key: K): Promise<V>;
}
declare const titles: (ids: readonly string[]) => Promise<string[]>;

const loader = perTenant(() => new DataLoader(titles), { max: 5_000 });

export const title = (id: string) => loader().load(id); // of the current tenant
\`\`\`

Everything below was measured: each line is a small application, asked by three tenants in turn and at once, on Express and, where HTTP itself
is concerned, on Fastify. What stands under _right is_ was measured to be right. The rows are in
[test/census](../test/census/census.ts), and this page is made from them:
\`npx vitest run --config vitest.workspace.ts --project census page -u\`.

"Nobody" is loud: whoever asks for the tenant there gets \`tenant_context_missing\`. "Another tenant" is silent: under
[@tenancy/postgres](../packages/postgres) a query there returns that other tenant's rows.

What GraphQL runs without a resolver (\`context\` functions, field middleware, \`filter\` and \`resolve\` of subscriptions) stands in the
[guide](guide.md#graphql), measured on Apollo and Mercurius by [a test](../packages/core/test/graphql-around.test.ts).

${census.map(sectionOf).join('\n\n')}
`;
