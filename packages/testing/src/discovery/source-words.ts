import type { INestApplication } from '@nestjs/common';
import type { Entrance } from './entrance.js';
import { componentsOf, metadataOf, methodsOf } from './handlers.js';

/** Words of the code behind an entrance: what it reads of a request, and what it compares with. */
export interface SourceWords {
  /** Names of query parameters, of headers and of cookies, in the order in which they stand there. */
  readonly query: readonly string[];
  readonly header: readonly string[];
  readonly cookie: readonly string[];
  /** Texts that something is compared with: `csv` of `format === 'csv'`. */
  readonly values: readonly string[];
}

const NAMES = {
  query: [/\bquery\??\.(?:\[['"])?(\w[\w-]*)/g, /\bquery\[['"]([\w.[\]-]+)['"]\]/g],
  header: [/\bheaders\??\.(?:\[['"])?([\w-]+)/g, /\bheaders\[['"]([\w-]+)['"]\]/g, /\.header\(\s*['"]([\w-]+)['"]/g],
  cookie: [/\bcookies\??\.(?:\[['"])?([\w-]+)/g, /\bcookies\[['"]([\w-]+)['"]\]/g, /[;)(|\s](\w[\w-]*)=\(/g],
} as const;

const VALUES = [
  /(?:===?|!==?|\bcase|\b(?:includes|startsWith|endsWith|has|accepts)\()\s*(['"`])([^'"`\n$]{0,40})\1/g,
  /()(['"])([^'"\n]{0,40})\2\s*(?:===?|!==?)/g,
];

/** Longer texts than handlers are: a library's, of which words say nothing about this application. */
const LONGEST = 50_000;

/** The words of the handler, of its class, and of the objects that it holds, such as the services behind it. */
export function sourceWords(app: INestApplication, { handler }: Entrance): SourceWords {
  const text = handler === null ? '' : textBehind(app, handler);
  const named = (patterns: readonly RegExp[]) =>
    unique(patterns.flatMap((one) => [...text.matchAll(one)].map((m) => m[1])));
  const values = VALUES.flatMap((one) => [...text.matchAll(one)].map((found) => found.at(-1)));
  return {
    query: named(NAMES.query),
    header: named(NAMES.header).filter(
      (name) => !['get', 'set', 'has', 'host', 'authorization', 'cookie'].includes(name),
    ),
    cookie: named(NAMES.cookie),
    values: unique(values).filter((value) => !TYPES.has(value)),
  };
}

/** Results of `typeof`, which no request holds. */
const TYPES = new Set(['string', 'number', 'boolean', 'object', 'function', 'undefined', 'symbol', 'bigint']);

function unique(words: readonly (string | undefined)[]): string[] {
  return [...new Set(words.filter((word) => word !== undefined))];
}

function textBehind(app: INestApplication, handler: string): string {
  const [className, methodName = ''] = handler.split('.');
  const component = componentsOf(app).find((each) => each.type.name === className && methodsOf(each).has(methodName));
  if (!component) return '';
  const method = methodsOf(component).get(methodName);
  const decorated = [component.type, method].flatMap((target) =>
    target ? ['__guards__', '__interceptors__', '__pipes__'].flatMap((key) => [metadataOf(key, target)].flat()) : [],
  );
  const parameters = Object.values((metadataOf('__routeArguments__', component.type, methodName) ?? {}) as object);
  const factories = parameters.map(({ factory }: { factory?: unknown }) => factory);
  const held = heldBy(component.instance, 2);
  const functions = [...decorated, ...factories, component.type, ...held.map((each) => (each as object).constructor)];
  const own = [method, ...functions].filter((each) => typeof each === 'function');
  return own
    .map((each) => Function.prototype.toString.call(each))
    .filter((text) => text.length < LONGEST)
    .join('\n');
}

/** Objects of classes that an object holds, and those that they hold. */
function heldBy(value: unknown, depth: number): readonly unknown[] {
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).filter((each) => typeof each === 'object' && each !== null && !isPlain(each));
  return inside.flatMap((each) => [...classesOf(each as object), ...heldBy(each, depth - 1)]);
}

/** The object, and what it inherits from. */
function classesOf(value: object): object[] {
  const prototypes: object[] = [];
  for (let each = Object.getPrototypeOf(value); each && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    if (typeof each.constructor === 'function') prototypes.push(each as object);
  }
  return prototypes;
}

const PLAIN: readonly unknown[] = [Object, Array, Map, Set, WeakMap, WeakSet, Date, undefined];

function isPlain(value: object): boolean {
  return PLAIN.includes((value as { readonly constructor?: unknown }).constructor);
}
