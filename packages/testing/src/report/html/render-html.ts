import { createHash } from 'node:crypto';
import { headline } from '../headline.js';
import type { IsolationReport } from '../isolation-report.js';
import { ATTACK_NAMES, verdictsIn } from '../verdict-signs.js';
import { filters } from './filters.js';
import { findings } from './findings.js';
import { grid } from './grid.js';
import { html, Markup } from './markup.js';
import { masthead } from './masthead.js';
import { PAGE_SCRIPT } from './page-script.js';
import { PAGE_STYLE } from './page-style.js';
import type { Numbered } from './parts.js';

/**
 * The report as one page that needs nothing else: no network, no font, no file beside it. Everything that the
 * application answered is text in it, and the page's own policy lets nothing run but its own script.
 *
 * Tokens and cookies are cut, and the `curl` lines have variables for them.
 */
export function renderHtml(report: IsolationReport): string {
  const entrances = inOrder(report).map((result, n): Numbered => ({ id: `e${n + 1}`, result }));
  const attacks = ATTACK_NAMES;
  const kinds = [...new Set(entrances.map(({ result }) => result.entrance.kind))];
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(PAGE_STYLE)}'`,
    `script-src '${hashOf(PAGE_SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${headline(report)} – ${report.application}</title>
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<a class="skip" href="#grid">To the grid</a>
<main>
${masthead(report)}
${filters(verdictsIn(report), kinds, attacks)}
${grid(entrances, attacks)}
<p id="nothing" class="note" hidden>No entrance is left by these filters.</p>
${findings(entrances)}
</main>
<footer>Written by @tenancy/testing. Tokens and cookies are cut; set the variables that a command names before sending it.</footer>
<script>${new Markup(PAGE_SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}

const hashOf = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const KINDS = ['http', 'sse', 'graphql', 'websocket', 'message', 'event', 'queue', 'cron'];

/** By kind, then by path. */
function inOrder({ entrances }: IsolationReport) {
  const path = ({ entrance }: (typeof entrances)[number]) => entrance.route?.path ?? entrance.id;
  return entrances.toSorted(
    (one, other) =>
      KINDS.indexOf(one.entrance.kind) - KINDS.indexOf(other.entrance.kind) ||
      compare(path(one), path(other)) ||
      compare(one.entrance.id, other.entrance.id),
  );
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
