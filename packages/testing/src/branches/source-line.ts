import { relative } from 'node:path';
import type { SourceLine } from './original-source.js';

const LONGEST = 160;

/** A line as a report shows it; of a brace that stands alone, with the line that follows. */
export function displayedLine({ line, lines }: SourceLine): string {
  const text = (lines[line - 1] ?? '').trim();
  const next = lines.slice(line).find((each) => each.trim() !== '');
  const whole =
    /^[\s{}();]*(?:else|default:)?[\s{}();]*$/.test(text) && next !== undefined ? `${text} ${next.trim()}` : text;
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
}

/** The path from the directory in which the process runs, with `/` on every system. */
export function pathFrom(file: string): string {
  return relative(process.cwd(), file).replaceAll('\\', '/');
}
