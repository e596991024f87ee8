/** True for what `pg_dump` writes, which names itself at the top and empties the path before it makes everything anew. */
export function isDump(sql: string): boolean {
  return (
    /^-- PostgreSQL database dump$/m.test(sql) ||
    /^SELECT pg_catalog\.set_config\('search_path', '', false\);$/m.test(sql)
  );
}
