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
