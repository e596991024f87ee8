import { types } from 'node:util';
import type { Canary, Sighting } from './canary.js';
import { CanaryIndex } from './canary-index.js';

/**
 * Finds each of `canaries` in `value`: a parsed body, a text, a row, an error, whatever can be walked. Keys are looked
 * at as well as values. Each canary is reported once for each place.
 *
 * A canary is found in any case of letters, as a part of a longer text, and escaped or encoded as URLs, JSON, HTML,
 * CSV, base64 and hexadecimal do it.
 *
 * @param root - the name of `value` itself in paths
 * @example
 * ```ts
 * import { findCanaries } from '@tenancy/testing';
 *
 * const canaries = [{ tenantId: 't_globex', what: 'job.title', value: 'Reactor technician 4711' }];
 * const [sighting] = findCanaries({ items: [{ title: 'Reactor technician 4711' }] }, canaries);
 * console.log(sighting?.path); // $.items[0].title
 * ```
 */
export function findCanaries(value: unknown, canaries: readonly Canary[], root = '$'): Sighting[] {
  const index = indexOf(canaries);
  const sightings: Sighting[] = [];
  const look = (text: string, path: string) => {
    for (const { canary, index: at, length } of index.find(text)) {
      if (sightings.some((seen) => seen.path === path && seen.canary === canary)) continue;
      sightings.push({ canary, path, excerpt: excerpt(text, at, length) });
    }
  };
  for (const { text, path } of textsIn(value, root)) look(text, path);
  return sightings;
}

const indexes = new WeakMap<readonly Canary[], CanaryIndex>();

/** A list whose index is there already. */
export function indexedBy(canaries: readonly Canary[], index: CanaryIndex): readonly Canary[] {
  indexes.set(canaries, index);
  return canaries;
}

/** A frozen list, as a registry answers it, is indexed once. */
function indexOf(canaries: readonly Canary[]): CanaryIndex {
  if (!Object.isFrozen(canaries)) return new CanaryIndex(canaries);
  let known = indexes.get(canaries);
  if (!known) indexes.set(canaries, (known = new CanaryIndex(canaries)));
  return known;
}

const AROUND = 40;

function excerpt(text: string, at: number, length: number): string {
  const from = Math.max(0, at - AROUND);
  const to = Math.min(text.length, at + length + AROUND);
  return `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`;
}

interface Place {
  readonly value: unknown;
  readonly path: string;
}

/** Every text in `root`, with its path, in order. Without recursion: a body may be as deep as its sender likes. */
function* textsIn(root: unknown, name: string): Generator<{ readonly text: string; readonly path: string }> {
  const seen = new Set<object>();
  const places: Place[] = [{ value: root, path: name }];
  for (let place = places.pop(); place; place = places.pop()) {
    const { value, path } = place;
    if (typeof value === 'string') yield { text: value, path };
    else if (typeof value === 'number' || typeof value === 'bigint') yield { text: String(value), path };
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    const bytes = bytesOf(value);
    if (bytes) {
      yield { text: bytes.toString('utf8'), path };
      yield { text: bytes.toString('hex'), path };
      continue;
    }
    const inside = placesIn(value, path);
    for (const { key } of inside) if (key) yield { text: key.text, path: key.path };
    for (let n = inside.length - 1; n >= 0; n -= 1) places.push(inside[n] as Place);
  }
}

interface Inside extends Place {
  /** The key that leads there, where somebody may have chosen it. */
  readonly key?: { readonly text: string; readonly path: string };
}

function placesIn(value: object, path: string): Inside[] {
  if (Array.isArray(value)) return value.map((item, n) => ({ value: item, path: `${path}[${n}]` }));
  if (types.isDate(value)) return [];
  if (types.isSet(value)) return [...value].map((item, n) => ({ value: item, path: `${path}[${n}]` }));
  if (types.isMap(value)) {
    return [...value].flatMap(([key, item], n) => {
      const at = typeof key === 'object' && key !== null ? `${path}.entry(${n})` : `${path}.get(${quote(String(key))})`;
      return [
        { value: key, path: `key ${at}` },
        { value: item, path: at },
      ];
    });
  }
  if (value instanceof URL || value instanceof URLSearchParams) return [{ value: value.toString(), path }];
  const inside: Inside[] = [];
  // An error's own are not enumerable.
  const hidden = types.isNativeError(value) ? ['name', 'message', 'stack', 'cause'] : [];
  for (const name of new Set([...Object.keys(value), ...hidden])) {
    const at = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `${path}.${name}` : `${path}[${quote(name)}]`;
    inside.push({ value: read(value, name), path: at, key: { text: name, path: `key ${at}` } });
  }
  // What would be sent of it, where that is something else.
  const toJSON: unknown = read(value, 'toJSON');
  if (typeof toJSON === 'function') inside.push({ value: attempt(() => toJSON.call(value)), path });
  return inside;
}

const quote = (text: string) => JSON.stringify(text);

function bytesOf(value: object): Buffer | null {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return types.isAnyArrayBuffer(value) ? Buffer.from(value) : null;
}

/** A getter may throw, and then nothing is seen through it. */
const read = (value: object, name: string) => attempt(() => (value as Record<string, unknown>)[name]);

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch {
    return undefined;
  }
}
