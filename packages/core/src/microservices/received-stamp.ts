import { STAMP } from '../stamp/stamp.js';
import { Carried } from './carried.js';

/** The stamp that a message came with, and the pattern that it was sent to where its transport tells. */
export interface ReceivedStamp {
  readonly stamp: unknown;
  readonly pattern: unknown;
}

type Headers = Readonly<Record<string, unknown>> | undefined;

/** The contexts of Nest's transports, and of custom ones that answer like one of them. */
interface Context {
  getMessage?(): { readonly properties?: { readonly headers?: Headers }; readonly headers?: Headers } | undefined;
  getHeaders?(): (Headers & { get?(key: string): unknown }) | undefined;
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
  if (call) return { stamp: call.metadata.get(STAMP)[0], pattern: call.getPath() };
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
    (typeof headers?.['get'] === 'function' ? headers['get'](STAMP) : headers?.[STAMP]) ??
    context.getPacket?.()?.properties?.userProperties?.[STAMP] ??
    context.getMetadata?.()?.[STAMP];
  // NATS has an empty text for what is not there, and Kafka bytes.
  if (said === '') return undefined;
  return Buffer.isBuffer(said) ? said.toString() : said;
}

function patternIn(context: Context): unknown {
  if (context.getPattern) return context.getPattern();
  if (context.getSubject) return context.getSubject();
  return context.getTopic ? context.getTopic() : context.getChannel?.();
}
