import type { Tenant } from '@tenancy/core';
import type { Planted } from '../../canaries/planted.js';
import type { ExampleRequest, RequestExample } from '../target/example.js';

/** The parts that the author's example gives for these rows. */
export function exampleFor(
  example: RequestExample | undefined,
  rows: Planted,
  tenant: Tenant,
  canary: (name: string) => string,
): ExampleRequest {
  return (typeof example === 'function' ? example(rows, { tenant, canary }) : example) ?? {};
}
