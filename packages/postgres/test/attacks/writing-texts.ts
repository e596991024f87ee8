import type { Attack } from './attack-texts.js';
import { BLANKS, CARRIERS, HARM, STRINGS } from './spellings.js';

/** Texts that write, or free themselves to write, in work that reads alone. */
export function writingTexts(): readonly Attack[] {
  const found: Attack[] = [];
  const add = (way: string, text: string) => found.push({ aim: 'write', way, text });
  const writes = [
    HARM,
    'delete from job',
    `insert into job (title) values ('harmed')`,
    'truncate job',
    `select nextval('number')`,
  ];
  const frees = [
    'set transaction read write',
    'set local transaction_read_only = off',
    'set session characteristics as transaction read write',
    'reset transaction_read_only',
  ];
  for (const write of writes) {
    for (const [how, blanks] of BLANKS) add(how, blanks(write));
    for (const free of frees) {
      for (const [how, carry] of CARRIERS)
        add(`${free}, ${how}`, carry(`${free}; ${write.replace(/^select/, 'perform')}`, free));
      add(`${free}, several`, `${free}; ${write}`);
    }
    for (const [said, string] of STRINGS)
      add(
        `set_config, ${said}`,
        `with x as (select set_config(${string('transaction_read_only')}, 'off', true)) ${write.startsWith('select') ? `${write}, * from x` : write}`,
      );
  }
  return found;
}
