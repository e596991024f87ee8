import type { Client, ClientConfig } from 'pg';
import { connectDirectly, type DirectConnection, messageOf } from '../../direct/connect-directly.js';
import { TenantsError } from '../tenants-error.js';

/** A policy that hides a row from the role is an error, and none that is missed without a word. */
const SETTINGS = [
  ...['row_security=off', 'datestyle=ISO\\,\\ MDY', 'extra_float_digits=1'],
  // One side waits while the other one is at work.
  'idle_in_transaction_session_timeout=0',
];

/**
 * A connection of an operation on a tenant: straight to the server, by a role that sees every row.
 *
 * @param where - the place in words, for the error
 * @throws TenantsError `place_unreachable`.
 */
export function connectToPlace(connection: string | ClientConfig, where: string): Promise<Client> {
  return connectAs({ name: 'tenancy tenants', settings: SETTINGS }, connection, where);
}

/**
 * A connection that makes a place, or holds the lock of one that is made: policies hold what is written into it.
 *
 * @param name - the beginning of `application_name`
 * @throws TenantsError `place_unreachable`.
 */
export function connectToMake(connection: string | ClientConfig, where: string, name: string): Promise<Client> {
  return connectAs({ name, settings: ['idle_in_transaction_session_timeout=0'] }, connection, where);
}

function connectAs(
  as: Pick<DirectConnection, 'name' | 'settings'>,
  connection: string | ClientConfig,
  where: string,
): Promise<Client> {
  return connectDirectly(connection, {
    ...as,
    pooled: (cause) =>
      new TenantsError(
        'place_unreachable',
        `there is a connection pooler in front of ${where}, which gives one session to several clients, and would let two operations hold the ` +
          "same lock. Nothing was done there. Pass the server's own address.",
        { cause },
      ),
    unreachable: (cause) =>
      new TenantsError(
        'place_unreachable',
        `${where} cannot be reached: ${messageOf(cause)}. Nothing was done there. Run again when it can.`,
        { cause },
      ),
  });
}
