import type { IsolationReport } from '../../src/report/isolation-report.js';
import {
  anAttack,
  anEntrance,
  aReport,
  aRequest,
  aSighting,
  evidence,
  exempt,
  leaking,
  unproven,
} from './sample-report.js';

/** Texts that an application may answer to run something in the reader's browser, or to be read as something else. */
export const MARKUP = [
  '<script>window.pwned = 1</script>',
  '</script><script>window.pwned = 2</script>',
  '</pre></details></main><img src=x onerror="window.pwned = 3">',
  '" autofocus onfocus="window.pwned = 4" x="',
  "' onmouseover='window.pwned = 5' x='",
  '<!--<script>',
  '</style><style>*{display:none}</style>',
  '&lt;b&gt;&amp;#60;',
  '<svg onload=window.pwned=6>',
  '$(touch pwned) `touch pwned`',
];

export const UNSEEN = [
  'a\u202eb',
  'zero\u200bwidth',
  'nul\0',
  'escape\u001b[31m\u001b]0;title\u0007',
  '\ud800 alone',
  '\ufeff',
  '\u2028',
];

/** Lines by which CI servers are told to do something, wherever they come from. */
export const COMMANDS = [
  '::error file=a.ts,line=1::pwned',
  '::add-mask::a',
  '##vso[task.complete result=Succeeded;]',
  '##[error]pwned',
  "##teamcity[testFinished name='a']",
];

/** A line that GitHub, Azure Pipelines or TeamCity would act on. */
export const COMMAND = /^\s*::[a-z-]+(?: .*?)?::|##(?:\[|vso\[|teamcity\[)/im;

const EVIL = [...COMMANDS, ...MARKUP, ...UNSEEN].join(' ');

/** A report in which every value that the application, its author or its names decide is hostile. */
export function hostileReport(): IsolationReport {
  const entrance = anEntrance(`GET /${EVIL}`, { handler: EVIL });
  const canary = { tenantId: EVIL, value: '<script>window.pwned = 1</script>', what: EVIL };
  const found = evidence({
    request: aRequest({ method: 'PO<ST', url: `http://127.0.0.1:1/${EVIL}`, headers: { [EVIL]: EVIL }, body: EVIL }),
    response: {
      status: 200,
      headers: { [EVIL]: EVIL, 'content-type': EVIL },
      text: `${EVIL}${'x'.repeat(50_000)}${EVIL}`,
    },
    sightings: [aSighting({ canary, path: EVIL, excerpt: EVIL })],
    log: [EVIL, `${EVIL}${'y'.repeat(5_000)}`],
    changes: [
      { table: EVIL, before: { [EVIL]: EVIL, same: 1 }, after: { [EVIL]: `${EVIL}!`, same: 1 } },
      { table: EVIL, before: null, after: { __proto__: null, [EVIL]: { nested: EVIL } } },
    ],
    curl: EVIL,
  });
  return aReport(
    [
      leaking(
        entrance,
        anAttack('foreign-id', 'leaks', EVIL, found),
        anAttack('existence', 'leaks', EVIL, { ...found, request: null }),
      ),
      unproven(anEntrance(`POST /${EVIL}/:id`, { handler: EVIL }), EVIL),
      unproven(anEntrance(EVIL, { kind: 'queue' }), EVIL),
      exempt(anEntrance(`DELETE ${EVIL}`), EVIL),
    ],
    { application: EVIL, tenants: [EVIL, 'globex'], startedAt: EVIL, rowsLeft: { [EVIL]: 3 } },
  );
}
