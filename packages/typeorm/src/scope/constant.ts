// What is built has it inside: at run time the packages share nothing but their public names.
import { isConstant as isConstantOfPostgres, LONGEST } from '../../../postgres/src/pool/constant.js';

/**
 * A `SELECT` of constants alone, as health checks send it. No name but an alias or a type of the language is in it, no operator or call,
 * each of which may do more than it seems to: it reads nothing.
 */
export function isConstant(sql: string, hasDual: boolean): boolean {
  return isConstantOfPostgres(hasDual && sql.length < LONGEST ? sql.replace(DUAL, '') : sql);
}

/** Where it is a word of the language. Elsewhere it is a table's name like any other. */
const DUAL = /[ \t\r\n]+from[ \t\r\n]+dual[ \t\r\n]*;?[ \t\r\n]*$/i;
