import { storage, type TenantStore } from '../context/storage.js';

interface Call {
  readonly metadata: unknown;
  emit(...event: unknown[]): unknown;
}

/** Has what comes in a gRPC call after it has begun, and its end, told in the context of its handler: it comes in that of the connection. */
export function holdCall(store: TenantStore, args: readonly unknown[]): void {
  const call = args.findLast(isCall);
  if (!call) return;
  const { emit } = call;
  call.emit = (...event) => storage.run(store, () => emit.apply(call, event));
}

const isCall = (arg: unknown): arg is Call =>
  typeof arg === 'object' && arg !== null && 'metadata' in arg && 'emit' in arg && typeof arg.emit === 'function';
