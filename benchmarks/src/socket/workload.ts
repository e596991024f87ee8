import type { Tenant } from '@tenancy/core';

export const BASE_DOMAIN = 'app.example.com';
export const ROOM = 'job:42';
export const TENANTS: readonly Tenant[] = Array.from({ length: 20 }, (_, n) => ({ id: `t_${n}`, slug: `${n}` }));
/** Sockets of each tenant, all of which are in its room. */
export const SOCKETS = 5;

/** `ask`: a message and its acknowledgement. `say`: one that is told to the room as well. */
export type Work = 'ask' | 'say';

/** A question to the process with the clients. */
export type Load = { readonly open: number } | { readonly work: Work; readonly messages: number };
