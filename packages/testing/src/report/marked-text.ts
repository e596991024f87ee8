import type { Canary } from '../canaries/canary.js';
import { CanaryIndex } from '../canaries/canary-index.js';
import { isPair } from './visible-text.js';

/** A text in pieces: what is plain, what is another tenant's, and how much was left out. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'mark'; readonly text: string; readonly what: string }
  | { readonly kind: 'cut'; readonly characters: number };

interface Limits {
  /** Texts up to this length are shown whole. */
  readonly whole: number;
  /** Number of characters that are shown on each side of a mark, of longer texts. */
  readonly around: number;
  /** Number of characters that are shown of their beginning, which tells what they are. */
  readonly beginning?: number;
}

const BODY: Limits = { whole: 2_000, around: 180, beginning: 80 };

/** Places shown of a long text: enough to see what it is. */
const MOST_MARKS = 60;

/** Every place in `text` where one of the canaries stands, in whatever encoding; long texts are cut around them. */
export function markedText(text: string, canaries: readonly Canary[], limits: Limits = BODY): Piece[] {
  const marks = marksIn(text, canaries);
  const pieces: Piece[] = [];
  let at = 0;
  const textTo = (end: number) => {
    if (end > at) pieces.push({ kind: 'text', text: text.slice(at, end) });
    at = Math.max(at, end);
  };
  const cutTo = (start: number) => {
    if (start > at) pieces.push({ kind: 'cut', characters: start - at });
    at = Math.max(at, start);
  };
  if (text.length <= limits.whole) {
    for (const mark of marks) {
      textTo(mark.start);
      pieces.push({ kind: 'mark', text: text.slice(mark.start, mark.end), what: mark.what });
      at = mark.end;
    }
    textTo(text.length);
    return pieces;
  }
  const beginning = limits.beginning ?? limits.around;
  textTo(edge(text, marks.length === 0 ? limits.whole : Math.min(beginning, marks[0]?.start ?? 0)));
  for (const [n, mark] of marks.slice(0, MOST_MARKS).entries()) {
    cutTo(edge(text, mark.start - limits.around));
    textTo(mark.start);
    pieces.push({ kind: 'mark', text: text.slice(mark.start, mark.end), what: mark.what });
    at = mark.end;
    textTo(edge(text, Math.min(mark.end + limits.around, marks[n + 1]?.start ?? text.length)));
  }
  cutTo(text.length);
  return pieces;
}

interface Mark {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

function marksIn(text: string, canaries: readonly Canary[]): Mark[] {
  const marks: Mark[] = [];
  const lower = text.toLowerCase();
  // Where lower case has another length, places in one are not places in the other.
  if (lower.length !== text.length) return plainMarks(text, canaries);
  for (const { canary, index, length } of new CanaryIndex(canaries).find(text)) {
    const seen = lower.slice(index, index + length);
    for (let start = index; start >= 0; start = lower.indexOf(seen, start + length)) {
      marks.push({ start, end: start + length, what: whatOf(canary) });
    }
  }
  return apart(marks);
}

function plainMarks(text: string, canaries: readonly Canary[]): Mark[] {
  const marks: Mark[] = [];
  for (const canary of canaries) {
    const { length } = canary.value;
    if (length === 0) continue;
    for (let start = text.indexOf(canary.value); start >= 0; start = text.indexOf(canary.value, start + length)) {
      marks.push({ start, end: start + length, what: whatOf(canary) });
    }
  }
  return apart(marks);
}

/** Of marks that overlap, the longest of those that begin first. */
function apart(marks: readonly Mark[]): Mark[] {
  const sorted = marks.toSorted((one, other) => one.start - other.start || other.end - one.end);
  const kept: Mark[] = [];
  for (const mark of sorted) if (mark.start >= (kept.at(-1)?.end ?? 0)) kept.push(mark);
  return kept;
}

const whatOf = ({ what, tenantId }: Canary) => `${what} of ${tenantId}`;

/** The place to cut near `at`: between lines where one ends close by, and never inside a surrogate pair. */
function edge(text: string, at: number): number {
  const inside = Math.min(Math.max(at, 0), text.length);
  const line = text.lastIndexOf('\n', inside) + 1;
  if (line > 0 && inside - line <= 60) return line;
  return isPair(text, inside) ? inside - 1 : inside;
}
