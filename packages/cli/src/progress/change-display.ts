import type { Blocker, ChangeProgress } from '@tenancy/postgres/changes';
import type { Output } from '../output/output.js';
import { fillingWords, shareOf, stepWords, waitingWords } from './change-words.js';
import { barOf, LiveLines } from './live-lines.js';

/** The display of changes under way. */
export interface ChangeDisplay {
  show(event: ChangeProgress): void;
  /** A word besides, which stays. */
  say(text: string): void;
  close(): void;
}

/** Milliseconds after which there is a line again, on no terminal. */
const SILENCE = 5_000;

/** Live on a terminal, a few lines elsewhere, and in JSON each event. */
export function changeDisplayFor(output: Output, named: (blocker: Blocker) => string): ChangeDisplay {
  if (output.isJson) {
    return { show: (event) => output.object({ type: 'progress', ...event }), say: () => {}, close: () => {} };
  }
  const write = (text: string) => output.note(text);
  const words = (event: ChangeProgress) => waitingWords(event, named);
  return output.stderr.isTTY === true ? live(output, write, words) : plain(write, words);
}

type Words = (event: ChangeProgress) => string;

function live({ stderr }: Output, write: (line: string) => void, waiting: Words): ChangeDisplay {
  let now: readonly string[] = ['looking at the table'];
  const lines = new LiveLines(stderr, write, () => now);
  const say = (text: string) => lines.say(text);
  const heading = headings(say);
  return {
    say,
    show: (event) => {
      heading(event);
      if (event.state === 'done') say(`  ${stepWords(event)}`);
      const words = stepWords(event);
      if (event.state === 'filling') now = [`${barOf(shareOf(event))} ${fillingWords(event)}`, words];
      else if (event.state === 'waiting') now = event.number === 0 ? [waiting(event)] : [words, waiting(event)];
      else now = [words];
    },
    close: () => lines.close(),
  };
}

function plain(write: (line: string) => void, waiting: Words): ChangeDisplay {
  let last = { at: 0, words: '' };
  const heading = headings(write);
  return {
    say: write,
    show: (event) => {
      heading(event);
      if (event.state === 'done') return write(`  ${stepWords(event)}`);
      if (event.state === 'started') return;
      const words = event.state === 'filling' ? fillingWords(event) : waiting(event);
      const isNew = event.state === 'waiting' && stillWords(words) !== last.words;
      if (!isNew && Date.now() - last.at < SILENCE) return;
      last = { at: Date.now(), words: stillWords(words) };
      write(`  ${words}`);
    },
    close: () => {},
  };
}

/** The same wait a moment later has another time in it. */
function stillWords(words: string): string {
  return words.replaceAll(/\d+ s\b/g, '');
}

/** Says which change it is about, where that is another one than before. */
function headings(say: (text: string) => void): (event: ChangeProgress) => void {
  let last = '';
  return ({ change }) => {
    if (change === last) return;
    last = change;
    say(change);
  };
}
