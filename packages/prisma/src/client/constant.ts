const ITEM =
  /(?:\d{1,15}|'[\w .:-]{0,100}'|true|false|null)(?:[ \t\r\n]+as[ \t\r\n]+(?:[a-z_]\w{0,62}|"\w{1,63}"|`\w{1,63}`))?/
    .source;
const CONSTANT = new RegExp(
  `^[ \\t\\r\\n]*select[ \\t\\r\\n]+${ITEM}(?:[ \\t\\r\\n]*,[ \\t\\r\\n]*${ITEM})*[ \\t\\r\\n]*;?[ \\t\\r\\n]*$`,
  'i',
);

/**
 * A `SELECT` of constants alone, as health checks send it. No name but an alias is in it, no comment, cast, operator or call, each of
 * which may do more than it seems to: it reads nothing.
 */
export function isConstant(sql: string): boolean {
  return sql.length < LONGEST && CONSTANT.test(sql);
}

const LONGEST = 500;

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
