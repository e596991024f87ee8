import type { INestApplication } from '@nestjs/common';
import type { Entrance } from './entrance.js';
import { graphqlEndpoints } from './graphql-entrances.js';
import { httpEntrances } from './http-entrances.js';
import { OpenApi } from './open-api.js';
import { otherEntrances } from './other-entrances.js';

export interface DiscoveryOptions {
  /** The OpenAPI document of the application, for what handlers do not say of their bodies and queries. */
  readonly openApi?: unknown;
}

/**
 * Every entrance of an application that is initialised: what Nest registered, what was put on its adapter by another way, and
 * what the decorators of other packages declare.
 *
 * @throws HarnessMisuseError when its adapter was not watched from the start.
 */
export function discoverEntrances(app: INestApplication, { openApi }: DiscoveryOptions = {}): readonly Entrance[] {
  const graphql = graphqlEndpoints(app);
  // The address of all operations is no entrance of its own, where the operations are known.
  const addresses = graphql.filter(({ entrances }) => entrances.length > 0).map(({ path }) => path);
  const http = httpEntrances(app, openApi === undefined ? null : new OpenApi(openApi)).filter(
    ({ handler, route }) => handler !== null || route === null || !addresses.includes(route.path),
  );
  return withOwnIds([...http, ...graphql.flatMap(({ entrances }) => entrances), ...otherEntrances(app)]);
}

/** Two handlers at one address are told apart by their names, and two of one name by their order. */
function withOwnIds(entrances: readonly Entrance[]): readonly Entrance[] {
  const counts = new Map<string, number>();
  for (const { id } of entrances) counts.set(id, (counts.get(id) ?? 0) + 1);
  const used = new Map<string, number>();
  return entrances.map((entrance) => {
    if (counts.get(entrance.id) === 1) return entrance;
    const named = `${entrance.id} (${entrance.handler ?? 'adapter'})`;
    const before = used.get(named) ?? 0;
    used.set(named, before + 1);
    return { ...entrance, id: before === 0 ? named : `${named} ${before + 1}` };
  });
}
