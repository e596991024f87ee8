import type { TenancyError } from '../errors/tenancy-error.js';
import type { Tenant } from '../tenant.js';

/** A message or event as a server calls a handler with it. */
export interface Received {
  /** The transport's number in Nest; a custom one may have none. */
  readonly transportId: unknown;
  /** The pattern that the handler is registered for. */
  readonly pattern: unknown;
  readonly isEvent: boolean;
  readonly args: readonly unknown[];
  /** The handler, of one server. */
  readonly handler: object;
}

/** The tenant of a message, or why it must not run. */
export type Admission = { readonly tenant: Tenant } | { readonly refusal: TenancyError };

/** All that reads tenants out of messages. */
export interface MessageAdmission {
  /** `null` where the message says nothing of a tenant. */
  admit(received: Received): Admission | Promise<Admission> | null;
  /** The refusal of what says nothing, and that nobody has entered a tenant around. */
  unstamped(): TenancyError;
  /** The arguments that are the handler's own. */
  given(args: readonly unknown[]): readonly unknown[];
}

const admissions = new WeakMap<object, MessageAdmission>();

/** Has messages of the application that owns `modules` admitted by `admission`. */
export function admitMessages(modules: object, admission: MessageAdmission): void {
  admissions.set(modules, admission);
}

/** That of an application; `undefined` where nothing reads its messages. */
export const admissionOf = (modules: object): MessageAdmission | undefined => admissions.get(modules);
