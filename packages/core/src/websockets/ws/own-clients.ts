import { isAcrossSockets } from '../../admin/across-sockets.js';
import { storage } from '../../context/storage.js';
import { TenantRequiredError } from '../../errors/refusals.js';
import { connectionOf } from '../connections/connection.js';
import type { WsClient } from './shapes.js';

/**
 * The `clients` of a server of ws: an application goes through those of its tenant. Outside every tenant it may look at all of them, ping
 * them and end them, as a heartbeat does, and send to none.
 */
export class OwnClients extends Set<WsClient> {
  override *values(): SetIterator<WsClient> {
    const tenant = storage.getStore()?.tenant;
    const isAcross = !tenant && isAcrossSockets();
    for (const client of [...super.values()]) {
      if (isAcross) yield client;
      else if (!tenant) yield unsent(client);
      else if (connectionOf(client)?.tenantId === tenant.id) yield client;
    }
    return undefined;
  }

  override keys(): SetIterator<WsClient> {
    return this.values();
  }

  override *entries(): SetIterator<[WsClient, WsClient]> {
    for (const client of this.values()) yield [client, client];
    return undefined;
  }

  override [Symbol.iterator](): SetIterator<WsClient> {
    return this.values();
  }

  override forEach(fn: (client: WsClient, same: WsClient, set: Set<WsClient>) => void): void {
    for (const client of this.values()) fn(client, client, this);
  }
}

const views = new WeakMap<WsClient, WsClient>();

function unsent(client: WsClient): WsClient {
  const known = views.get(client);
  if (known) return known;
  const view = new Proxy(client, {
    get(target, property) {
      if (property === 'send') return refuseToSend;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' && property !== 'constructor' ? value.bind(target) : value;
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
  });
  views.set(client, view);
  return view;
}

function refuseToSend(): never {
  throw new TenantRequiredError(
    '`send` was called for the clients of a ws server outside every tenant, and would reach those of all of them. Call it in a ' +
      "tenant's context, or, for everybody, in `TenantSocketAdmin.acrossTenants({ reason }, server, (all) => …)` of @tenancy/core/admin.",
  );
}
