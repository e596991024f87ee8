import { describe, expect, it } from 'vitest';
import { type IsolationReport, renderJunit, renderSarif } from '../../src/index.js';
import { ATTACK_NAMES } from '../../src/report/verdict-signs.js';
import { hostileReport } from './hostile-report.js';
import { anAttack, anEntrance, aReport, aSample, TOKEN, unproven } from './sample-report.js';

const placed = (report: IsolationReport): IsolationReport => ({
  ...report,
  entrances: report.entrances.map((each) => ({ ...each, handlerAt: { file: 'src/jobs/a b.controller.ts', line: 17 } })),
});

describe('the report as JUnit XML', () => {
  it('has a case for each entrance, and counts what fails and what is skipped', () => {
    const xml = renderJunit(placed(aSample()));
    expect(xml).toContain('tests="5" failures="2" errors="0" skipped="1" time="3.412"');
    expect(xml.match(/<testcase /g)).toHaveLength(5);
    expect(xml).toMatch(
      /<testcase name="GET \/jobs\/:id" classname="AppModule" time="0\.040" file="[^"]+" line="17">\n {6}<failure type="leaks" message="GET \/jobs\/:id leaks\./,
    );
    expect(xml).toContain('<failure type="unproven"');
    expect(xml).toContain('Fix, from JobsController.find (src/jobs/a b.controller.ts:17) on: look a row up by its id');
    expect(xml).toContain('<skipped message="Counts requests, and holds no tenant&#39;s data."/>');
    expect(xml).toContain('<testcase name="GET /jobs" classname="AppModule" time="0.012"');
  });

  it('is well-formed whatever the application answers', () => {
    const xml = renderJunit(hostileReport());
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 forbids.
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
    expect(xml).toBe(xml.toWellFormed());
    const open: string[] = [];
    // Everything between tags is text without a `<`, and every value stands between quotes without one.
    const rest = xml.replace(
      /<\?xml [^?]*\?>|<(\/?)(\w+)((?: \w+="[^"<]*")*)(\/?)>/g,
      (_, closes, name, _values, isEmpty) => {
        if (closes === '/') expect(open.pop()).toBe(name);
        else if (name && isEmpty !== '/') open.push(name);
        return '';
      },
    );
    expect(open).toEqual([]);
    expect(rest).not.toMatch(/[<>]|&(?!#\d+;)/);
  });
});

describe('the report as SARIF', () => {
  const read = (report: IsolationReport) => JSON.parse(renderSarif(report)).runs[0];

  it('has an error for each leak at the line of its handler, and a warning for what nobody has proven', () => {
    const { tool, results } = read(placed(aSample()));
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual([...ATTACK_NAMES, 'unproven']);
    expect(results.map(({ level, ruleId }: { level: string; ruleId: string }) => [level, ruleId])).toEqual([
      ['error', 'foreign-id'],
      ['warning', 'unproven'],
    ]);
    expect(results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'src/jobs/a%20b.controller.ts', uriBaseId: 'SRCROOT' },
      region: { startLine: 17 },
    });
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
    const { help } = tool.driver.rules[results[0].ruleIndex];
    expect(help.text).toMatch(/^Look a row up by its id and the tenant of the context, /);
  });

  it('names the handler where nobody knows its line, and makes up none', () => {
    const [{ locations }] = read(aSample()).results;
    expect(locations).toEqual([
      { logicalLocations: [{ fullyQualifiedName: 'JobsController.find', kind: 'function' }] },
    ]);
  });

  it('has the same fingerprints in the next run, whatever was seen', () => {
    const entrance = anEntrance('GET /jobs');
    const run = (why: string) =>
      read(aReport([{ ...unproven(entrance, why), verdict: 'leaks', attacks: [anAttack('own', 'leaks', why)] }]))
        .results[0];
    expect(run('port 4711').partialFingerprints).toEqual(run('port 4712').partialFingerprints);
  });

  it('shows what the baseline accepts as suppressed', () => {
    const accepted = {
      ...unproven(anEntrance('GET /a'), 'Nothing is known.'),
      verdict: 'accepted',
      accepted: 'of old',
    } as const;
    expect(read(aReport([accepted])).results[0].suppressions).toEqual([{ kind: 'external', justification: 'of old' }]);
  });
});

it('holds no token, in either', () => {
  for (const text of [renderJunit(aSample()), renderSarif(aSample())]) expect(text).not.toContain(TOKEN);
});
