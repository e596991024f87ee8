import { STAMP } from '../stamp/stamp.js';
import { Carried } from './carried.js';

/** The stamp that a message came with, and the pattern that it was sent to where its transport tells. */
export interface ReceivedStamp {
  readonly stamp: unknown;
  readonly pattern: unknown;
}

type Headers = Readonly<Record<string, unknown>> | undefined;

/** Headers of NATS, which may have several values of one name. */
interface Gettable {
  get(key: string): unknown;
  values?(key: string): unknown;
}

/** The contexts of Nest's transports, and of custom ones that answer like one of them. */
interface Context {
  getMessage?(): { readonly properties?: { readonly headers?: Headers }; readonly headers?: Headers } | undefined;
  getHeaders?(): Headers;
  getPacket?(): { readonly properties?: { readonly userProperties?: Headers } } | undefined;
  getMetadata?(): Headers;
  getPattern?(): unknown;
  getSubject?(): unknown;
  getTopic?(): unknown;
  getChannel?(): unknown;
}

/** A call of gRPC. */
interface Call {
  readonly metadata: { get(key: string): readonly unknown[] };
  getPath(): string;
}

/** M2: reads the place that each transport has for metadata, or the packet where it has none. */
export function receivedStamp(args: readonly unknown[]): ReceivedStamp {
  const call = args.findLast(isCall);
  if (call) return { stamp: onlyOne(call.metadata.get(STAMP)), pattern: call.getPath() };
  const context = (args.at(-1) ?? {}) as Context;
  return { stamp: inContext(context) ?? args.find(isCarried)?.stamp, pattern: patternIn(context) };
}

const isCarried = (arg: unknown): arg is Carried => arg instanceof Carried;

function isCall(arg: unknown): arg is Call {
  if (typeof arg !== 'object' || arg === null) return false;
  const { metadata, getPath } = arg as Partial<Call>;
  return typeof metadata?.get === 'function' && typeof getPath === 'function';
}

function inContext(context: Context): unknown {
  const message = context.getMessage?.();
  const headers = message?.properties?.headers ?? message?.headers ?? context.getHeaders?.();
  const said =
    saidIn(headers) ?? context.getPacket?.()?.properties?.userProperties?.[STAMP] ?? context.getMetadata?.()?.[STAMP];
  // NATS has an empty text for what is not there, and Kafka bytes.
  if (said === '') return undefined;
  return Buffer.isBuffer(said) ? said.toString() : said;
}

function saidIn(headers: Headers): unknown {
  const { get, values } = (headers ?? {}) as Partial<Gettable>;
  if (typeof get !== 'function') return headers?.[STAMP];
  const all = typeof values === 'function' ? values.call(headers, STAMP) : undefined;
  return Array.isArray(all) ? onlyOne(all) : get.call(headers, STAMP);
}

/** Several are none that can be read: the first one is whichever a sender has put in front of the others. */
const onlyOne = (stamps: readonly unknown[]): unknown => (stamps.length > 1 ? stamps : stamps[0]);

function patternIn(context: Context): unknown {
  if (context.getPattern) return context.getPattern();
  if (context.getSubject) return context.getSubject();
  return context.getTopic ? context.getTopic() : context.getChannel?.();
}
