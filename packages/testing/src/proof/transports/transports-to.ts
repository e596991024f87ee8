import type { Tenant } from '@tenancy/core';
import type { Entrance, Route } from '../../discovery/entrance.js';
import { exampleRequest } from '../../discovery/example-request.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import { checkRequest } from '../target/check-example.js';
import { type Example, type Examples, examplesOf, isCall, type RequestExample } from '../target/example.js';
import type { NoTransport, Transport } from '../target/transport.js';
import { transportByCall } from './by-call.js';
import { clockTransport } from './by-clock.js';
import { eventTransport } from './by-event.js';
import { jobTransport } from './by-job.js';
import { messageTransport } from './by-message.js';
import { transportByRequest } from './by-request.js';
import { socketTransport } from './by-socket.js';
import { subscriptionTransport } from './by-subscription.js';
import { exampleFor } from './example-for.js';
import { INVENTED } from './invented.js';

/** One for each of the author's examples; where there is none, for what is known of the route. */
export function transportsTo(
  harness: IsolationHarness,
  entrance: Entrance,
  given: Examples | undefined,
): readonly Transport[] | NoTransport {
  const transports: Transport[] = [];
  const examples = examplesOf(given);
  for (const example of examples.length === 0 ? [undefined] : examples) {
    const transport = transportTo(harness, entrance, example);
    if ('unknown' in transport) return transport;
    transports.push(transport);
  }
  return transports;
}

/** From the author's example, and from what is known of the route. */
export function transportTo(
  harness: IsolationHarness,
  entrance: Entrance,
  example: Example | undefined,
): Transport | NoTransport {
  if (isCall(example)) return transportByCall(harness, example);
  const { route } = entrance;
  if (!route) {
    const other = otherTransport(harness, entrance, example as RequestExample | undefined);
    if (other) return other;
    return {
      unknown: `nothing calls a ${entrance.kind} entrance by itself. Give an example: { '${entrance.id}': { call: async (rows, caller) => … } }.`,
    };
  }
  const [tenant] = harness.tenants as readonly [Tenant];
  const given = example as RequestExample | undefined;
  const rows = harness.planted(tenant);
  const canary = () => INVENTED;
  const first = exampleFor(given, rows, tenant, canary);
  checkRequest(entrance, first);
  const tried = exampleRequest(route, rows, { canary, given: first });
  if ('unknown' in tried) {
    return { unknown: `${tried.unknown} Give an example: { '${entrance.id}': (rows) => (${hintFor(route)}) }.` };
  }
  return transportByRequest(harness, { ...entrance, route }, given);
}

/** To what no request calls, and which needs no `call` all the same. */
const otherTransport = (harness: IsolationHarness, entrance: Entrance, example: RequestExample | undefined) =>
  jobTransport(harness, entrance, example) ??
  clockTransport(harness, entrance, example) ??
  messageTransport(harness, entrance, example) ??
  socketTransport(harness, entrance, example) ??
  subscriptionTransport(harness, entrance, example) ??
  eventTransport(harness, entrance, example);

function hintFor({ body, parameters }: Route): string {
  const path = parameters.filter((each) => each.in === 'path').map(({ name }) => `${name}: …`);
  const parts = [
    ...(path.length > 0 ? [`path: { ${path.join(', ')} }`] : []),
    ...(body === null ? [] : ['body: { … }']),
  ];
  return `{ ${parts.join(', ') || 'query: { … }, headers: { … }'} }`;
}
