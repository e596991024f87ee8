import type { RawClient } from './raw-client.js';

/** A client while a query or transaction uses it. */
export interface ClientLease {
  readonly client: RawClient;
  release(): void;
}

/** The source of the clients behind the scope: one for all tenants, or one for each. */
export interface ClientSource {
  /** A client to ask what there is on one: its delegates and its members. The one of all tenants, where there is one. */
  readonly template: RawClient;
  /** The client of the tenant whose context this is called in. Null where there is one for all. */
  readonly lease: (() => ClientLease) | null;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/** One client for all tenants. */
export function oneClient(client: RawClient): ClientSource {
  return {
    template: client,
    lease: null,
    connect: () => client.$connect(),
    disconnect: () => client.$disconnect(),
  };
}

/** The same clients with computed columns, which Prisma itself adds to results. */
export function withComputedColumns(source: ClientSource, result: unknown): ClientSource {
  const { lease } = source;
  const extended = new WeakMap<RawClient, RawClient>();
  const extend = (client: RawClient) => {
    const known = extended.get(client) ?? client.$extends({ result });
    extended.set(client, known);
    return known;
  };
  return {
    ...source,
    template: extend(source.template),
    lease:
      lease &&
      (() => {
        const { client, release } = lease();
        return { client: extend(client), release };
      }),
  };
}
