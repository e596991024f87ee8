import { describe, expect, it } from 'vitest';
import { newInvoiceLine } from '../src/billing/invoice-requests.js';
import { candidateChange, newCandidate } from '../src/candidates/candidate.js';
import { jobChange, newJob } from '../src/jobs/job.js';
import { newNote } from '../src/notes/note.js';
import { signUp } from '../src/sign-up/sign-up.js';

const email = 'ada@candidates.example';
const company = { slug: 'ada', email, password: 'ada runs ada alone' };

/** Every text of people that is shown in one line. */
const lines: Readonly<Record<string, (value: string) => boolean>> = {
  "a job's title": (title) => newJob.safeParse({ title, location: 'here' }).success,
  "a job's location": (location) => newJob.safeParse({ title: 'Smith', location }).success,
  "a changed job's title": (title) => jobChange.safeParse({ title }).success,
  "a changed job's location": (location) => jobChange.safeParse({ location }).success,
  "a candidate's name": (name) => newCandidate.safeParse({ name, email }).success,
  "a changed candidate's name": (name) => candidateChange.safeParse({ name }).success,
  "an invoice line's description": (description) => newInvoiceLine.safeParse({ description, cents: 1 }).success,
  "a company's name": (name) => signUp.safeParse({ ...company, name }).success,
};
const note = (text: string) => newNote.safeParse({ text }).success;

const NOTHING = {
  nothing: '',
  spaces: ' \u00a0\u3000',
  'signs without a width': '\u200b\u2060\u200d',
  'a byte order mark': '\ufeff',
  'a zero byte': 'a\u0000b',
  'half of a sign': 'a\ud800b',
};
const SEVERAL_LINES = {
  'a line feed, which would end the subject of a mail': 'a\nBcc: b',
  'a carriage return': 'a\rb',
  'a line separator': 'a\u2028b',
};
const UNSEEN = { 'a bell': 'a\u0007b', 'an escape': '\u001b[31ma', 'a turn of the text': '\u202eemca' };
const PEOPLES = [
  'Zoë 李 🚀',
  "O'Brien <o@brien.example>",
  'עברית',
  'می‌خواهم',
  '👩‍👩‍👧',
  '7',
  'C++ & "C#" 100%',
  '<b>bold</b>',
];

describe.each(Object.entries(lines))('%s', (_, takes) => {
  it.each(Object.entries({ ...NOTHING, ...SEVERAL_LINES, ...UNSEEN }))('is not %s', (_, value) => {
    expect(takes(value)).toBe(false);
  });

  it.each(PEOPLES)('may be %s', (value) => expect(takes(value)).toBe(true));
});

describe('a note', () => {
  it.each(Object.entries(NOTHING))('is not %s', (_, value) => expect(note(value)).toBe(false));

  it.each([...PEOPLES, ...Object.values(SEVERAL_LINES)])('may be %j', (value) => expect(note(value)).toBe(true));
});
