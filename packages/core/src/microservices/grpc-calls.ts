import { outsideAnyTenant } from '../context/enter.js';
import { storage, type TenantStore } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import type { TenancyError } from '../errors/tenancy-error.js';
import { STAMP } from '../stamp/stamp.js';
import { placeOf } from './message-place.js';
import { stampMessage } from './message-stamp.js';
import type { Wiring } from './wiring.js';

interface Metadata {
  clone(): Metadata;
  set(key: string, value: string): void;
}

/** A method of a generated client of gRPC. */
interface Method {
  (this: object, ...args: unknown[]): unknown;
  readonly path?: string;
  readonly requestStream?: boolean;
}

/** A call, whose answers come in the context of the connection. */
interface Call {
  emit(...args: unknown[]): unknown;
}

const held = new WeakSet<object>();

/** Has each call of a gRPC client carry the tenant in its metadata, and answered in the caller's context. */
export function holdCalls(
  client: object,
  wiringNow: () => Wiring | undefined,
  unsent: (method: string, pattern: unknown) => TenancyError,
): object {
  if (held.has(client)) return client;
  held.add(client);
  for (const name in client) {
    const method = (client as Record<string, unknown>)[name] as Method;
    const { path, requestStream } = typeof method === 'function' ? method : {};
    if (path === undefined) continue;
    const stamped = function (this: object, ...args: unknown[]): unknown {
      const wiring = wiringNow();
      const store = storage.getStore();
      const isOwn = wiring !== undefined && !wiring.isShared(path);
      if (isOwn && !store?.tenant) throw unsent('call', path);
      const tenantId = isOwn ? store?.tenant?.id : undefined;
      const stamp = tenantId === undefined ? undefined : stampMessage(tenantId, placeOf(path), wiring?.secrets ?? []);
      const given = stamp === undefined ? args : withStamp(this, args, requestStream ? 0 : 1, stamp);
      const own = given.map((arg) => (typeof arg === 'function' ? answeredIn(store, arg as Method) : arg));
      // The first one of all opens the connection.
      const call = outsideAnyTenant(() => Reflect.apply(method, this, own)) as Call;
      const { emit } = call;
      call.emit = (...event) => storage.run(store, () => emit.apply(call, event));
      return call;
    };
    Object.defineProperty(client, name, { value: Object.assign(stamped, method), configurable: true, writable: true });
  }
  return client;
}

const answeredIn =
  (store: TenantStore | undefined, callback: Method) =>
  (...args: unknown[]): unknown =>
    storage.run(store, () => callback.call({}, ...args));

/** The metadata is behind the request, where there is one. */
function withStamp(client: object, args: readonly unknown[], at: number, stamp: string): unknown[] {
  const given = args[at];
  const metadata = isMetadata(given) ? given.clone() : newMetadata(client);
  metadata.set(STAMP, stamp);
  const isReplaced = isMetadata(given) || (args.length > at && (given === undefined || given === null));
  return [...args.slice(0, at), metadata, ...args.slice(isReplaced ? at + 1 : at)];
}

const isMetadata = (value: unknown): value is Metadata =>
  typeof value === 'object' && value !== null && 'getMap' in value && 'clone' in value;

/** One of the class that this client knows: another copy's would be taken for options. */
function newMetadata(client: object): Metadata {
  const { checkMetadataAndOptions } = client as {
    checkMetadataAndOptions?(): { readonly metadata?: unknown };
  };
  const metadata = checkMetadataAndOptions?.call(client).metadata;
  if (isMetadata(metadata)) return metadata;
  throw new TenancyConfigurationError(
    'TenantMicroservicesModule',
    'this version of @grpc/grpc-js makes no metadata in a way that is known',
    'Pass a `Metadata` with each call, or use @grpc/grpc-js 1.10 or later.',
  );
}
