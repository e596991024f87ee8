import type { IncomingMessage } from 'node:http';
import type { Caller } from '../../handshake/admit-handshake.js';
import type { Admittance } from '../connections/admittance.js';
import type { IoConn, IoEngine } from './shapes.js';

/** Engine.io's own number for what it answers to a request with the id of no connection. */
const UNKNOWN_SID = 1;

const held = new WeakSet<IoEngine>();
/** Tenants of the sockets that are on a connection: several namespaces may have several. */
const onConn = new WeakMap<IoConn, Set<string>>();
/** Those who opened a connection as a tenant. */
const openers = new WeakMap<IoConn, Caller>();

/** Notes that a socket of a tenant is on `conn`. */
export function keepTenant(conn: IoConn | undefined, tenantId: string | null): void {
  if (conn && tenantId !== null) onConn.set(conn, (onConn.get(conn) ?? new Set()).add(tenantId));
}

/**
 * S10: with polling each request is one by itself, and names its connection by an id that stands in the address. One that is sent to
 * another host, or is of another tenant, finds no connection by that id.
 */
export function holdEngine(engine: IoEngine | undefined, admittance: Admittance): void {
  const verify = engine?.verify;
  if (!engine || typeof verify !== 'function' || held.has(engine)) return;
  held.add(engine);
  engine.verify = (request, upgrade, answer) => {
    const sid = request._query?.sid;
    const conn = sid !== undefined && Object.hasOwn(engine.clients ?? {}, sid) ? engine.clients?.[sid] : undefined;
    if (!conn?.request) return verify.call(engine, request, upgrade, answer);
    return isOfOpener(admittance, conn, conn.request, request).then((isOwn) => {
      // A connection would wait for the end of one whose sender is gone meanwhile.
      if (isOwn && !request.socket?.destroyed) verify.call(engine, request, upgrade, answer);
      else answer(UNKNOWN_SID, { sid });
    });
  };
}

async function isOfOpener(
  admittance: Admittance,
  conn: IoConn,
  first: IncomingMessage,
  request: IncomingMessage,
): Promise<boolean> {
  const opener = openers.get(conn) ?? (await admittance.callerOf(first));
  if (opener.tenant) openers.set(conn, opener);
  const caller = await admittance.callerOf(request);
  if (caller.host !== opener.host) return false;
  const own = new Set([...(onConn.get(conn) ?? []), ...(opener.tenant ? [opener.tenant.id] : [])]);
  if (caller.tenant) return [...own].every((id) => id === caller.tenant?.id);
  // What is suspended meanwhile, expired, or not to be looked up now, is so for both, and is ended where connections are looked at again.
  return caller.code === (opener.tenant ? await admittance.callerOf(first) : opener).code;
}
