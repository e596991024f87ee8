import type { RouteParameter } from './entrance.js';

/** Optional groups, as Express 5 has them, parameters with what Fastify and old Express put behind them, and wildcards. */
const PARAMETER = /:(\w+)(?:\([^)]*\))?[?+*]?|\*(\w*)|\(\.\*\)/g;
const OPTIONAL_GROUP = /\{([^{}]*)\}/;

/** The names in a path, of which nothing else is known. */
export function parametersInPath(path: string): RouteParameter[] {
  const optional = new Set([...path.matchAll(/\{([^{}]*)\}/g)].flatMap(([, group = '']) => namesIn(group)));
  return namesIn(path).map((name) => ({ in: 'path', name, isRequired: !optional.has(name), schema: null }));
}

function namesIn(path: string): string[] {
  return [...path.matchAll(PARAMETER)].map(([, name, wildcard]) => name ?? (wildcard || '*'));
}

/** A path with its parameters filled in, or the name of the first that cannot be. */
export function fillPath(
  path: string,
  /** @param before - the fixed segments between the parameter before and this one, the nearest first */
  valueFor: (name: string, before: readonly string[]) => unknown,
): { readonly path: string } | { readonly missing: string } {
  const group = OPTIONAL_GROUP.exec(path);
  if (group) {
    const [whole, inside = ''] = group;
    const kept = fillPath(
      path.replace(whole, () => inside),
      valueFor,
    );
    // What cannot be filled and may be left out, is.
    return 'path' in kept ? kept : fillPath(path.replace(whole, '') || '/', valueFor);
  }
  let filled = '';
  let end = 0;
  let from = 0;
  for (const match of path.matchAll(PARAMETER)) {
    const [whole, parameter, wildcard] = match;
    const name = parameter ?? (wildcard || '*');
    const before = path
      .slice(from, match.index)
      .split('/')
      .filter((part) => part !== '');
    const value = valueFor(name, before.reverse());
    if (value === undefined || value === null || value === '') return { missing: name };
    const text = String(value);
    // A wildcard takes slashes.
    const encoded =
      parameter === undefined ? text.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(text);
    filled += path.slice(end, match.index) + encoded;
    end = match.index + whole.length;
    from = end;
  }
  return { path: filled + path.slice(end) };
}
