import { z } from 'zod';
import { text } from '../text/words.js';

export const newNote = z.strictObject({ text: text(10_000) });

export type NewNote = z.infer<typeof newNote>;
