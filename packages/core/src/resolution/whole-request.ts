import { isThenable } from '../context/thenable.js';
import type { TenantHint } from '../registry/tenant-registry.js';
import { nodeRequest, type TenantRequest, type TenantSource } from './tenant-source.js';

const WHOLE = Symbol.for('@tenancy/core:whole-request');

interface Wrapped {
  [WHOLE]?: TenantRequest;
}

/** Lets the adapter's wrapper be found from Node's request, which is all that middleware gets on Fastify. */
export function rememberWhole(request: TenantRequest): void {
  const node = nodeRequest(request);
  if (node !== request) (node as Wrapped)[WHOLE] = request;
}

/**
 * The answer of `source` to a request that others have worked on by now. On Fastify its own plugins put what they found out on
 * the wrapper, and middleware puts it on Node's request: a source that has nothing to say to the one is asked about both.
 */
export function identifiedBy(
  source: TenantSource,
  request: TenantRequest,
): TenantHint | null | Promise<TenantHint | null> {
  if (source.after === undefined) return source.identify(request);
  const whole = (request as Wrapped)[WHOLE] ?? request;
  const hint = source.identify(whole);
  const node = nodeRequest(whole);
  if (node === whole) return hint;
  const again = () => source.identify(layered(whole, node));
  if (isThenable(hint)) return Promise.resolve(hint).then((late) => (late === null ? again() : late));
  return hint === null ? again() : hint;
}

/** One request that has what `upper` has, and what `lower` has where that has nothing. */
export function layered(upper: object, lower: object): TenantRequest {
  const read = (property: string | symbol): unknown => {
    // Which of Node's requests this is cannot be a matter of what somebody has picked.
    const [first, second] = property === 'raw' ? [lower, upper] : [upper, lower];
    return (
      (first as Record<typeof property, unknown>)[property] ?? (second as Record<typeof property, unknown>)[property]
    );
  };
  return new Proxy({} as TenantRequest, {
    get: (_, property) => read(property),
    has: (_, property) => property in upper || property in lower,
    // What is kept on the request, such as the payload of its token, is kept on the real one.
    set: (_, property, value) => Reflect.set(lower, property, value),
  });
}
