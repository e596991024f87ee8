import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderTerminal } from '../../src/index.js';
import { columnsOf, wrapped } from '../../src/report/terminal-text.js';
import { visibleText } from '../../src/report/visible-text.js';
import { COMMAND, COMMANDS, hostileReport } from './hostile-report.js';
import { anEntrance, aReport, aSample, proven, TOKEN } from './sample-report.js';

describe('the report on a terminal', () => {
  it('says leaks first, then what to write, then each entrance, then the counts', () => {
    expect(`\n${renderTerminal(aSample())}`).toBe(`
Isolation of AppModule: acme and globex

Leaks
✗ GET /jobs/:id
  foreign-id: Answered 200 with globex's job.title.
    $.title: job.title of t_globex in "title":"Foundry lead k3v9q"
    curl -i "$URL"/jobs/7 \\
      -H 'Host: acme.localhost' \\
      -H "Authorization: Bearer $TOKEN"
  Fix it, from JobsController.find on. Look every id that a request brings up
  together with the tenant of the context: the ids of lists and of nested
  objects too.

Unproven: what to write
? POST /jobs
  Its body cannot be guessed.
    describeIsolation(app, {
      examples: {
        'POST /jobs': (rows, { canary }) => ({ body: { /* the fields it needs */ } }),
      },
    });

Entrances
in this order: own, no-tenant, other-host, foreign-id, existence, tenant-field,
inputs, tenant-header, warm-cache, interference, interleaved, overheard,
situations, answer-headers, stamps, worlds
✗ ✓··✗············ GET /jobs/:id  foreign-id
✓ ✓·✓············· GET /jobs
? ················ POST /jobs
– ················ GET /metrics  Counts requests, and holds no tenant's data.
✓ ✓✓·············· queue MailProcessor.process

1 of 5 entrances leaks, 1 unproven
✗ 1 leaks  ? 1 unproven  – 1 exempt  ✓ 2 proven
`);
  });

  it.each([40, 80, 132])('fits %i columns, but for what is to be pasted', (width) => {
    const names = ['GET /雪/雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪', `GET /${'long'.repeat(60)}`];
    for (const report of [aSample(), hostileReport(), aReport(names.map((id) => proven(anEntrance(id))))]) {
      for (const line of renderTerminal(report, { width }).split('\n')) {
        if (!line.startsWith('    ')) expect(columnsOf(line), line).toBeLessThanOrEqual(width);
      }
    }
  });

  it('has colours where they are asked for, and says the same without', () => {
    const plain = renderTerminal(aSample());
    const coloured = renderTerminal(aSample(), { colour: true });
    expect(plain).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[31m✗ GET /jobs/:id\u001b[0m');
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  it('is not controlled by what the application answers, and holds no token', () => {
    const hostile = renderTerminal(hostileReport());
    expect(hostile).not.toMatch(/[^\P{C}\n]/u);
    expect(hostile).toContain('‹U+001B›');
    expect(renderTerminal(aSample())).not.toContain(TOKEN);
  });

  it('gives no command to a CI server, however wide it is and wherever a line ends', () => {
    for (const command of COMMANDS) expect(COMMAND.test(command)).toBe(true);
    for (let width = 40; width <= 132; width += 1) {
      expect(COMMAND.exec(renderTerminal(hostileReport(), { width }))?.[0], `${width} columns`).toBeUndefined();
    }
    for (const { attacks } of hostileReport().entrances) {
      for (const { why } of attacks) expect(COMMAND.exec(visibleText(why))?.[0]).toBeUndefined();
    }
    // No command to anybody.
    for (const text of ['fe80::1', '::ffff:1.2.3.4', 'id::text', '# [a] ## b']) expect(visibleText(text)).toBe(text);
  });

  it('wraps without losing a word', () => {
    const text = `one two ${'x'.repeat(50)} three 雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪`;
    const lines = wrapped(text, 20, '  ');
    expect(lines.every((line) => columnsOf(line) <= 20)).toBe(true);
    expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
  });
});
