import { baselineLine } from './baseline-line.js';
import { curlOf } from './curl.js';
import { fixOf } from './fixes.js';
import { headline } from './headline.js';
import type { AttackResult, EntranceResult, IsolationReport } from './isolation-report.js';
import { withoutSecrets } from './secrets.js';
import { suggestionFor } from './suggestion.js';
import { columnsOf, fitted, wrapped } from './terminal-text.js';
import { unreachedOnce, unreachedSentence } from './unreached.js';
import { ATTACK_NAMES, type CellVerdict, SIGNS, verdictsIn } from './verdict-signs.js';
import { shortened, visibleText } from './visible-text.js';

/** Options of {@link renderTerminal}. */
export interface TerminalOptions {
  /**
   * Writes ANSI colours. The caller knows whether it is a terminal, and whether `NO_COLOR` is set.
   * @defaultValue `false`
   */
  readonly colour?: boolean;
  /**
   * Columns to fit in; at least 40. Commands and code to paste are not broken.
   * @defaultValue `80`
   */
  readonly width?: number;
}

const COLOURS: Readonly<Record<CellVerdict | 'bold' | 'dim', string>> = {
  leaks: '31',
  unproven: '33',
  accepted: '35',
  exempt: '36',
  proven: '32',
  'not applicable': '2',
  bold: '1',
  dim: '2',
};

/**
 * The report for a terminal: first the leaks, then what is unproven and what to write, then a line for each entrance, and
 * the counts at the end, where the reader is. What the application answered cannot control the terminal.
 */
export function renderTerminal(report: IsolationReport, options: TerminalOptions = {}): string {
  const width = Math.max(options.width ?? 80, 40);
  const paint = (look: keyof typeof COLOURS, text: string) =>
    options.colour ? `\u001b[${COLOURS[look]}m${text}\u001b[0m` : text;
  const paragraph = (text: string, indent = '') => wrapped(text, width, indent);
  const title = (text: string) => ['', paint('bold', text)];
  const name = ({ entrance, verdict }: EntranceResult) =>
    paragraph(`${SIGNS[verdict]} ${shortened(entrance.id, 300)}`).map((line) => paint(verdict, line));

  const leak = (tried: AttackResult): string[] => {
    const { request, sightings, changes, curl } = tried.evidence ?? NONE;
    const clean = withoutSecrets(request?.headers ?? {});
    const again = request ? curlOf(request, { secrets: 'variables', address: 'variable' }) : curl && visibleText(curl);
    return [
      ...paragraph(`${tried.attack}: ${shortened(tried.why, 600)}`, '  '),
      ...sightings
        .slice(0, 3)
        .flatMap(({ canary, path, excerpt }) =>
          paragraph(`${path}: ${canary.what} of ${canary.tenantId} in ${shortened(clean(excerpt), 200)}`, '    '),
        ),
      ...(sightings.length > 3 ? [paint('dim', `    … and ${sightings.length - 3} more places`)] : []),
      ...changes
        .slice(0, 3)
        .flatMap(({ table, before, after }) =>
          paragraph(
            `${table}: ${before ? (after ? 'a row was changed' : 'a row was deleted') : 'a row appeared'}`,
            '    ',
          ),
        ),
      ...(again ? again.split('\n').map((line) => paint('dim', `    ${line}`)) : []),
    ];
  };

  const { branches, refusals } = unreachedOnce(report);
  const branch = ({ branch: { file, line, text, input }, entrances }: (typeof branches)[number]) => [
    ...paragraph(`${file}:${line}`, '  '),
    ...paragraph(`${text}${input === undefined ? '' : `  reached by ${input}`}`, '    '),
    ...paragraph(`at ${shortened(entrances.join(', '), 200)}`, '    ').map((each) => paint('dim', each)),
  ];

  const verdicts = verdictsIn(report);
  const counts = verdicts.map((verdict) => `${SIGNS[verdict]} ${report.counts[verdict]} ${verdict}`);
  const leaks = report.entrances.filter(({ verdict }) => verdict === 'leaks');
  // What a baseline accepts is told where it is all that there is.
  const told = report.verdict === 'unproven' && report.counts.unproven === 0 ? 'accepted' : 'unproven';
  const unproven = report.entrances.filter(({ verdict }) => verdict === told);
  return [
    ...paragraph(`Isolation of ${report.application}: ${report.tenants.join(' and ')}`).map((line) =>
      paint('bold', line),
    ),
    ...(leaks.length === 0 ? [] : title('Leaks')),
    ...leaks.flatMap((result) => [
      ...name(result),
      ...result.attacks.filter(({ verdict, accepted }) => verdict === 'leaks' && accepted === undefined).flatMap(leak),
      ...paragraph(fixOf(result) ?? '', '  '),
    ]),
    ...(unproven.length === 0 ? [] : title('Unproven: what to write')),
    ...unproven.flatMap((result) => [
      ...name(result),
      ...paragraph(shortened(whyUnproven(result), 600), '  '),
      ...paragraph(answerOf(result), '    '),
      ...suggestionFor(result.entrance)
        .split('\n')
        .map((line) => paint('dim', `    ${line}`)),
    ]),
    ...(branches.length + refusals === 0 ? [] : title('Unreached')),
    ...(branches.length + refusals === 0 ? [] : paragraph(unreachedSentence(branches.length, refusals))),
    ...branches.slice(0, MOST_BRANCHES).flatMap(branch),
    ...(branches.length > MOST_BRANCHES ? [paint('dim', `  … and ${branches.length - MOST_BRANCHES} more`)] : []),
    ...title('Entrances'),
    ...paragraph(`in this order: ${ATTACK_NAMES.join(', ')}`).map((line) => paint('dim', line)),
    ...report.entrances.map((result) => entranceLine(result, width, paint)),
    '',
    ...paragraph(rowsLeft(report)),
    ...paragraph(report.coverage.why ?? ''),
    ...paragraph(baselineLine(report)),
    ...paragraph(headline(report)).map((line) =>
      paint(report.verdict === 'isolated' ? 'proven' : report.verdict, line),
    ),
    verdicts.map((verdict, n) => paint(verdict, counts[n] ?? '')).join(counts.join('  ').length <= width ? '  ' : '\n'),
    '',
  ].join('\n');
}

/** More are in the page and in the JSON. */
const MOST_BRANCHES = 20;

const NONE = { request: null, sightings: [], changes: [], curl: null };

/** `✗ ✓✓·✗··✓✓✓✓ PATCH /jobs/:id   foreign-id` */
function entranceLine(
  { entrance, verdict, attacks, why }: EntranceResult,
  width: number,
  paint: (look: CellVerdict, text: string) => string,
): string {
  const tried = (attack: string): CellVerdict => {
    const found = attacks.find((one) => one.attack === attack);
    return found?.accepted === undefined ? (found?.verdict ?? 'not applicable') : 'accepted';
  };
  const grid = ATTACK_NAMES.map((attack) => paint(tried(attack), SIGNS[tried(attack)])).join('');
  const wrong = attacks
    .map(({ attack }) => attack)
    .filter((attack) => verdict !== 'proven' && tried(attack) === verdict);
  const note = visibleText(verdict === 'exempt' ? (why ?? '') : verdict === 'proven' ? '' : wrong.join(' '));
  const room = width - ATTACK_NAMES.length - 3;
  const id = visibleText(entrance.id);
  const shown = fitted(id, note === '' ? room : Math.max(room - 2 - columnsOf(note), Math.ceil(room / 2)));
  const rest = note === '' ? '' : `  ${fitted(note, room - 2 - columnsOf(shown))}`;
  return `${paint(verdict, SIGNS[verdict])} ${grid} ${paint(verdict, shown)}${rest}`;
}

function whyUnproven({ why, attacks }: EntranceResult): string {
  return why ?? firstOpen(attacks)?.why ?? 'Nothing is known of how to call it.';
}

function firstOpen(attacks: readonly AttackResult[]): AttackResult | undefined {
  const open = attacks.filter(({ verdict }) => verdict === 'unproven');
  return open.find(({ accepted }) => accepted === undefined) ?? open[0];
}

/** The beginning of the answer to a request that did not work: it says there what it would have taken. */
function answerOf({ attacks }: EntranceResult): string {
  const { evidence } = firstOpen(attacks) ?? {};
  const { text = '', headers } = evidence?.response ?? {};
  const clean = withoutSecrets({ ...evidence?.request?.headers, ...headers });
  return text === '' ? '' : `answered: ${shortened(clean(text), 400)}`;
}

function rowsLeft(report: IsolationReport): string {
  const left = Object.entries(report.rowsLeft).map(([table, count]) => `${table} (${count})`);
  return left.length === 0 ? '' : `Rows that the proof planted and that are still there: ${left.join(', ')}.`;
}
