declare module 'sql.js' {
  export default function initSqlJs(): Promise<unknown>;
}
