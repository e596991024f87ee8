import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type ExampleCall,
  fromJson,
  type IsolationReport,
  proveIsolation,
  renderHtml,
  renderJunit,
  renderSarif,
  renderTerminal,
  toJson,
} from '../../src/index.js';
import { failureOf } from '../../src/report/failure.js';
import { Chromium, program } from './chromium.js';
import { EVIL, SECRETS, startHostile, tokens } from './hostile-application.js';
import { COMMAND } from './hostile-report.js';
import { wrongInJunit, wrongInSarif } from './schemas.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: nothing of them may be left.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/;

let report: IsolationReport;
let baseline: string;
let written: Readonly<Record<'page' | 'terminal' | 'json' | 'junit' | 'sarif' | 'failures' | 'baseline', string>>;

beforeAll(async () => {
  vi.stubEnv('CI', '');
  const folder = mkdtempSync(join(tmpdir(), 'tenancy-hostile-'));
  const file = join(folder, 'isolation.baseline.json');
  const accepted = { entrance: 'PATCH /jobs/:id', attack: 'foreign-id', reason: EVIL, until: '2999-12-31' };
  writeFileSync(file, JSON.stringify({ version: 1, unproven: [], leaks: [accepted] }));
  const { harness, stop } = await startHostile();
  const message = harness.entrances.find(({ kind }) => kind === 'message')?.id ?? '';
  const refused: ExampleCall = {
    call: async (_rows, { tenant }) => {
      throw new Error(`${EVIL} ${tenant?.slug} postgres://app:${SECRETS.connection}@db ${'long '.repeat(200_000)}`);
    },
  };
  report = await proveIsolation(harness, {
    examples: { 'GET /errors/:id': (rows) => ({ path: { id: rows['job'].id } }), [message]: refused },
    exempt: { 'POST /jobs': EVIL },
    unreached: 'unproven',
    baseline: { file, update: true },
  });
  await stop();
  vi.unstubAllEnvs();
  baseline = readFileSync(file, 'utf8');
  rmSync(folder, { recursive: true });
  written = {
    page: renderHtml(report),
    terminal: renderTerminal(report),
    json: toJson(report),
    junit: renderJunit(report),
    sarif: renderSarif(report),
    failures: report.entrances.map(failureOf).join('\n'),
    baseline,
  };
});

const attacksAt = (id: string) => report.entrances.find(({ entrance }) => entrance.id === id)?.attacks ?? [];

describe('the report on an application of which every text is hostile', () => {
  it('tells its leaks, by answers, logs, errors and rows', () => {
    const found = attacksAt('GET /jobs/:id').find(({ attack }) => attack === 'foreign-id');
    expect(found).toMatchObject({ verdict: 'leaks' });
    expect(found?.evidence?.sightings.map(({ path }) => path)).toEqual(expect.arrayContaining(['$.__proto__', 'log']));
    expect(attacksAt('PATCH /jobs/:id').find(({ attack }) => attack === 'foreign-id')).toMatchObject({
      verdict: 'leaks',
      accepted: expect.stringContaining('</script>'),
      evidence: { changes: [{ before: expect.objectContaining({ ['__proto__' as string]: EVIL }) }] },
    });
    const failed = attacksAt('GET /errors/:id').find(({ evidence }) => evidence?.response?.status === 400);
    expect(failed?.evidence?.response?.text).toContain('select * from');
    const files = report.entrances.find(({ entrance }) => entrance.id === 'GET /files');
    expect(files?.handlerAt?.file).toContain('c#d?e ]]> ::error::pwned <img src=x onerror=pwned>');
    expect(files?.unreached[0]?.text).toContain('</script><img src=x onerror=pwned>');
  });

  it('holds no secret, in any format', () => {
    const secrets = [...tokens, ...Object.values(SECRETS)];
    for (const [format, text] of Object.entries(written)) {
      for (const secret of secrets) {
        // A part of one as well.
        expect(text.includes(secret.slice(0, 14)), `${secret.slice(0, 14)} in ${format}`).toBe(false);
        expect(text.includes(encodeURIComponent(secret)), `${secret}, encoded, in ${format}`).toBe(false);
      }
    }
  });

  it('is of a size to be read, in any format', () => {
    for (const [format, { length }] of Object.entries(written)) expect(length, format).toBeLessThan(400_000);
  });

  it('has nothing that is not seen, or that is taken for a command', () => {
    for (const [format, text] of Object.entries(written)) {
      const plain = format === 'page' ? text.replace(/<style>.*?<\/style>|<script>.*?<\/script>/gs, '') : text;
      expect(UNSEEN.exec(plain)?.[0].codePointAt(0)?.toString(16), format).toBeUndefined();
      expect(plain.isWellFormed(), format).toBe(true);
    }
    for (const format of ['terminal', 'failures'] as const) expect(COMMAND.exec(written[format])?.[0]).toBeUndefined();
    expect(COMMAND.test(EVIL)).toBe(true);
  });

  it('is valid JSON, SARIF and JUnit XML, and a baseline that is read again', async () => {
    expect(toJson(fromJson(written.json))).toBe(written.json);
    expect(Object.prototype).not.toHaveProperty('title');
    expect(wrongInSarif(written.sarif)).toEqual([]);
    expect(await wrongInJunit(written.junit)).toEqual([]);
    expect(JSON.parse(baseline).leaks).toEqual([expect.objectContaining({ reason: EVIL })]);
    expect(JSON.parse(written.sarif).runs[0].results).toContainEqual(
      expect.objectContaining({ ruleId: 'foreign-id', suppressions: [expect.objectContaining({ kind: 'external' })] }),
    );
  });

  it('is a page of known elements, with one script and no attribute that runs', () => {
    const elements = elementsOf(parse(written.page));
    const count = (name: string) => elements.filter(({ tagName }) => tagName === name).length;
    expect(['script', 'style', 'html', 'body', 'main', 'footer'].map(count)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(['img', 'svg', 'iframe', 'object', 'base', 'link'].map(count)).toEqual([0, 0, 0, 0, 0, 0]);
    const attributes = new Set(elements.flatMap(({ attrs }) => attrs.map(({ name }) => name)));
    expect([...attributes].filter((name) => /^on|^style$|^src$|[^a-z-]/.test(name))).toEqual([]);
    const links = elements.flatMap(({ attrs }) =>
      attrs.filter(({ name }) => name === 'href').map(({ value }) => value),
    );
    expect(links.filter((link) => !link.startsWith('#'))).toEqual([]);
  });

  describe.skipIf(!program)('in Chromium (skipped where it is not installed)', () => {
    let chromium: Chromium;
    beforeAll(async () => {
      chromium = await Chromium.start();
    });
    afterAll(() => chromium?.stop());

    it('runs nothing but its own script, and asks for nothing', async () => {
      await chromium.open(written.page);
      await chromium.evaluate('new Promise((resolve) => setTimeout(resolve, 200))');
      expect(await chromium.evaluate('window.pwned ?? null')).toBeNull();
      expect(await chromium.evaluate('document.scripts.length')).toBe(1);
      expect(chromium.requested).toEqual([expect.stringMatching(/^file:.*report\.html$/)]);
      expect(chromium.complaints).toEqual([]);
    });
  });
});

type Element = DefaultTreeAdapterTypes.Element;

function elementsOf(node: DefaultTreeAdapterTypes.ParentNode): readonly Element[] {
  const inside = node.childNodes.filter((child): child is Element => 'tagName' in child);
  return inside.flatMap((child) => [child, ...elementsOf(child)]);
}
