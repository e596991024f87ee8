import type { MigrationProgress } from '@tenancy/postgres/migrations';
import type { Output } from '../output/output.js';
import { LiveDisplay } from './live-display.js';
import { PlainDisplay } from './plain-display.js';

/** The display of a run: how far it is. */
export interface Display {
  show(event: MigrationProgress): void;
  /** A word besides, which stays. */
  say(text: string): void;
  /** Makes room for a question, until the next event. */
  pause(): void;
  close(): void;
}

/** Live on a terminal, a few lines elsewhere, and in JSON each event. */
export function displayFor(output: Output): Display {
  if (output.isJson) {
    return { show: (event) => output.object({ ...event }), say: () => {}, pause: () => {}, close: () => {} };
  }
  return output.stderr.isTTY === true
    ? new LiveDisplay(output.stderr, (text) => output.note(text))
    : new PlainDisplay((text) => output.note(text));
}
