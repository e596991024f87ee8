import { z } from 'zod';

/** A letter, a digit or a sign: something that people see. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** A zero byte, which PostgreSQL does not keep, and halves of a sign, which UTF-8 has no bytes for. */
const UNWRITABLE = /[\0\p{Cs}]/u;
/** Signs that end a line, as of the subject of a mail, or turn the words behind them around, so that a name shows as another's. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;

/** Text of people in any number of lines, without white space around it. */
export const text = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine((value) => VISIBLE.test(value) && !UNWRITABLE.test(value), 'Not readable: expected text that people see');

/** Text of people in one line: a name, a title. */
export const words = (longest: number) =>
  text(longest).refine((value) => !CONTROL.test(value), 'Not readable: expected one line');
