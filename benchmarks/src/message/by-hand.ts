import { AsyncLocalStorage } from 'node:async_hooks';
import { createHmac, createSecretKey, type KeyObject, randomUUID, timingSafeEqual } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { type ClientProxy, NatsContext, NatsRecord, type TcpContext } from '@nestjs/microservices';
import type { Tenant } from '@tenancy/core';
import { Observable } from 'rxjs';

const AGE = 300;
const storage = new AsyncLocalStorage<Tenant>();

export const asByHand = <R>(tenant: Tenant, fn: () => R): R => storage.run(tenant, fn);
export const tenantByHand = (): string => storage.getStore()?.id as string;

/** All that has to be done for a message, and no more: the least that a tenant can cost. Nothing is held to it: replies, lazy answers, replays. */
export class ByHand implements NestInterceptor {
  readonly #tenants: ReadonlyMap<string, Tenant>;
  readonly #key: KeyObject | undefined;

  constructor(tenants: readonly Tenant[], secret: string | undefined) {
    this.#tenants = new Map(tenants.map((tenant) => [tenant.id, tenant]));
    this.#key = secret === undefined ? undefined : createSecretKey(Buffer.from(secret));
  }

  /** Has what a client sends over TCP carry the tenant that it is sent for. */
  stamp(client: ClientProxy): void {
    client.setOnDispatchHook((packet) => {
      packet.metadata = { tenancy: this.#made(tenantByHand(), `${packet.pattern}`) };
    });
  }

  /** The same for NATS, whose place for it is a header. */
  record<T extends object>(pattern: string, message: T): NatsRecord<T> {
    const own = headers();
    own.set('tenancy', this.#made(tenantByHand(), pattern));
    return new NatsRecord(message, own);
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const rpc = context.switchToRpc().getContext<NatsContext | TcpContext>();
    const id =
      rpc instanceof NatsContext
        ? this.#read(rpc.getHeaders()?.get('tenancy'), rpc.getSubject())
        : this.#read(rpc.getMetadata()?.['tenancy'], rpc.getPattern());
    const tenant = id === undefined ? undefined : this.#tenants.get(id);
    if (!tenant) throw new Error('no tenant');
    return new Observable((subscriber) => storage.run(tenant, () => next.handle().subscribe(subscriber)));
  }

  #made(tenant: string, pattern: string): string {
    if (!this.#key) return tenant;
    const signed = `${tenant}.${Math.floor(Date.now() / 1000)}.${randomUUID()}`;
    return `${signed}.${this.#sign(pattern, signed)}`;
  }

  #read(stamp: unknown, pattern: string): string | undefined {
    if (typeof stamp !== 'string') return undefined;
    if (!this.#key) return stamp;
    const end = stamp.lastIndexOf('.');
    const signed = stamp.slice(0, end);
    const [given, expected] = [Buffer.from(stamp.slice(end + 1)), Buffer.from(this.#sign(pattern, signed))];
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const [tenant, seconds] = signed.split('.');
    return Math.abs(Date.now() / 1000 - Number(seconds)) < AGE ? tenant : undefined;
  }

  #sign(pattern: string, text: string): string {
    return createHmac('sha256', this.#key as KeyObject)
      .update(`${pattern}.${text}`)
      .digest('base64url');
  }
}
