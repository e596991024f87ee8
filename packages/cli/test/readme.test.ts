import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../src/program.js';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

/** Every command that does something, by its whole name. */
function commandsOf(command: Command, name = command.name()): readonly (readonly [string, Command])[] {
  const inner = command.commands.flatMap((one) => commandsOf(one, `${name} ${one.name()}`));
  // A command that only has others below it does nothing by itself.
  return command.options.every(({ long }) => long === '--version') ? inner : [[name, command], ...inner];
}

const first = (section: string) => [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell]) => cell);
const sectionOf = (heading: string) => readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

/** Flags of all that changes tables, which have a table of their own. */
const shared = first(sectionOf('Flags of all changes'));

describe.each(commandsOf(buildProgram(() => {})))('%s', (name, command) => {
  it('has a section in the README whose table lists its flags, in the order of its help', () => {
    const help = command.helpInformation();
    const flags = [...help.matchAll(/^ {2}(--.+?)(?: {2}|$)/gm)].map(([, flag]) => flag);
    expect(flags.length).toBeGreaterThan(2);
    const section = sectionOf(name);
    const more = section.includes('(#flags-of-all-changes)') ? shared : [];
    expect([...first(section), ...more]).toEqual(flags);
  });
});

it('the README lists the codes of the command', () => {
  const source = readFileSync(join(import.meta.dirname, '../src/errors/cli-error.ts'), 'utf8');
  const codes = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(4);
  expect(first(sectionOf('Exit codes and errors'))).toEqual(codes);
});
