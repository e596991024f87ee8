import { isConstant } from '@tenancy/core/adapter';

/** The SQL of a call of `$queryRaw` or `$queryRawUnsafe` that sends constants alone; `undefined` of any other. */
export function constantOf(method: string, args: readonly unknown[]): string | undefined {
  const [first] = args;
  if (args.length !== 1) return undefined;
  const sql = method === '$queryRawUnsafe' ? first : method === '$queryRaw' && isTemplate(first) ? first[0] : undefined;
  return typeof sql === 'string' && isConstant(sql) ? sql : undefined;
}

function isTemplate(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length === 1 && 'raw' in value;
}
