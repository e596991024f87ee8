import { describe, expect, it } from 'vitest';
import { type IsolationReport, renderJunit, renderSarif } from '../../src/index.js';
import { ATTACK_NAMES } from '../../src/report/verdict-signs.js';
import { hostileReport } from './hostile-report.js';
import { anAttack, anEntrance, aReport, aSample, leaking, TOKEN, unproven } from './sample-report.js';
import { wrongInJunit, wrongInSarif } from './schemas.js';

const placed = (report: IsolationReport, file = 'src/jobs/a b.controller.ts'): IsolationReport => ({
  ...report,
  entrances: report.entrances.map((each) => ({ ...each, handlerAt: { file, line: 17 } })),
});

const hostile = { ...placed(hostileReport(), '</a>\u0000\ud800#"?:[a](b).ts'), startedAt: '2026-11-26T10:00:00.000Z' };

describe('the report as JUnit XML', () => {
  it('has a case for each entrance, and counts what fails and what is skipped', () => {
    const xml = renderJunit(placed(aSample()));
    expect(xml).toContain('tests="5" failures="2" errors="0" time="3.412" skipped="1"');
    expect(xml.match(/<testcase /g)).toHaveLength(5);
    expect(xml).toMatch(
      /<testcase name="GET \/jobs\/:id" classname="AppModule" time="0\.040" file="[^"]+" line="17">\n {6}<failure type="leaks" message="GET \/jobs\/:id leaks\./,
    );
    expect(xml).toContain('<failure type="unproven"');
    expect(xml).toContain('Fix it, from JobsController.find (src/jobs/a b.controller.ts:17) on. Look every id');
    expect(xml).toContain('<skipped message="Counts requests, and holds no tenant&#39;s data."/>');
    expect(xml).toContain('<testcase name="GET /jobs" classname="AppModule" time="0.012"');
  });

  it('is valid, whatever the application answers', async () => {
    for (const report of [placed(aSample()), aReport([]), hostile])
      expect(await wrongInJunit(renderJunit(report))).toEqual([]);
    expect(await wrongInJunit(renderJunit(aSample()).replace('tests="5"', 'tests="five"'))).not.toEqual([]);
    expect(await wrongInJunit(renderJunit(aSample()).replace('</failure>', '\u001b</failure>'))).not.toEqual([]);
  });
});

describe('the report as SARIF', () => {
  const read = (report: IsolationReport) => JSON.parse(renderSarif(report)).runs[0];

  it('has an error for each leak at the line of its handler, and a warning for what nobody has proven', () => {
    const { tool, results, originalUriBaseIds } = read(placed(aSample()));
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual([...ATTACK_NAMES, 'unproven']);
    expect(results.map(({ level, ruleId }: { level: string; ruleId: string }) => [level, ruleId])).toEqual([
      ['error', 'foreign-id'],
      ['warning', 'unproven'],
    ]);
    expect(results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'src/jobs/a%20b.controller.ts', uriBaseId: '%SRCROOT%' },
      region: { startLine: 17 },
    });
    // No place on the machine of the run.
    expect(originalUriBaseIds).toEqual({ '%SRCROOT%': { description: { text: expect.any(String) } } });
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
    const { help } = tool.driver.rules[results[0].ruleIndex];
    expect(help.text).toMatch(/^Look every id that a request brings up together with the tenant of the context/);
  });

  it('is valid, whatever the application answers', () => {
    for (const report of [placed(aSample()), aReport([]), hostile])
      expect(wrongInSarif(renderSarif(report))).toEqual([]);
    expect(wrongInSarif(renderSarif(aSample()).replace('"version": "2.1.0"', '"version": "2"'))).not.toEqual([]);
    expect(JSON.stringify(read(hostile))).not.toMatch(/\\u[\da-f]{4}|\\0/);
  });

  it('describes each rule in words of its own', () => {
    const { rules } = read(aSample()).tool.driver;
    for (const part of ['shortDescription', 'fullDescription', 'help']) {
      const texts = rules.map((rule: Record<string, { text: string }>) => rule[part]?.text);
      expect(new Set(texts).size, part).toBe(rules.length);
    }
  });

  it('escapes what is part of a name in the address of a file', () => {
    const uriOf = (file: string) =>
      read(placed(aSample(), file)).results[0].locations[0].physicalLocation.artifactLocation.uri;
    expect(uriOf('src/c#/is it?.ts')).toBe('src/c%23/is%20it%3F.ts');
    expect(uriOf('c:/100%/[id].ts')).toBe('c%3A/100%25/%5Bid%5D.ts');
    expect(uriOf('\ud800.ts')).toBe('%EF%BF%BD.ts');
  });

  it('makes no link and no placeholder of what was seen', () => {
    const [{ message }] = read(
      aReport([unproven(anEntrance('GET /a'), 'See [this](https://evil.test), {0} or [id].')]),
    ).results;
    expect(message.text).toBe('GET /a: See \\[this](https://evil.test), {{0}} or [id].');
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

  it('has other fingerprints for another application, entrance or attack', () => {
    const run = (application: string, id: string, attack: 'own' | 'inputs') =>
      read(aReport([leaking(anEntrance(id), anAttack(attack, 'leaks', 'Seen.'))], { application })).results[0]
        .partialFingerprints;
    const all = [
      run('AppModule', 'GET /jobs', 'own'),
      run('AdminModule', 'GET /jobs', 'own'),
      run('AppModule', 'GET /', 'own'),
      run('AppModule', 'GET /jobs', 'inputs'),
    ];
    expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(all.length);
  });

  it('shows what the baseline accepts as suppressed, with the reason', () => {
    const suppressed = (justification: string) => [{ kind: 'external', status: 'accepted', justification }];
    const whole = { ...unproven(anEntrance('GET /a'), 'Nothing is known.'), verdict: 'accepted', accepted: 'of old' };
    const known = { ...anAttack('foreign-id', 'leaks', 'Seen.'), accepted: 'Until 2027-01-31: known as JOBS-12' };
    const leak = leaking(anEntrance('GET /b'), known);
    const report = aReport([whole as typeof leak, { ...leak, verdict: 'accepted' }]);
    const { results } = read(report);
    expect(results).toMatchObject([
      { ruleId: 'unproven', level: 'warning', suppressions: suppressed('of old') },
      { ruleId: 'foreign-id', level: 'error', suppressions: suppressed('Until 2027-01-31: known as JOBS-12') },
    ]);
    expect(wrongInSarif(renderSarif(report))).toEqual([]);
    // Beside a leak that nobody has accepted, the accepted one stays so.
    const beside = aReport([leaking(anEntrance('GET /b'), known, anAttack('existence', 'leaks', 'Told.'))]);
    expect(read(beside).results.map((each: { suppressions?: unknown }) => each.suppressions)).toEqual([
      suppressed('Until 2027-01-31: known as JOBS-12'),
      undefined,
    ]);
  });
});

it('holds no token, in either', () => {
  for (const text of [renderJunit(aSample()), renderSarif(aSample())]) expect(text).not.toContain(TOKEN);
});
