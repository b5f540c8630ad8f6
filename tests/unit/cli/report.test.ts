import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dollarsText, estimateCost, type Usage } from '../../../cli/src/cost-estimate/estimate';
import { run as runCommand } from '../../../cli/src/main';
import { html, jsonForHtml } from '../../../cli/src/report/html';
import { durationText, shortNumber } from '../../../cli/src/report/number-text';
import { CHARTS_MAX, renderReport } from '../../../cli/src/report/page';
import type {
  ReportData,
  ReportIncident,
  ReportPoint,
  ReportSeries,
} from '../../../cli/src/report/report-data';
import { tickText, timeTicks } from '../../../cli/src/report/time-axis';
import { captureOutput } from './capture-output';

// A replay takes a second, on a busy machine several.
jest.setTimeout(60_000);

const T0 = Date.UTC(2026, 0, 5, 10);
const NOTHING = { applied: 0, late: 0, duplicate: 0, invalid: 0, unmatched: 0 };
const ACCOUNTING = {
  ...NOTHING,
  records: 9,
  in: 9,
  applied: 9,
  redelivered: 0,
  revised: 0,
  dedupeOverflow: 0,
};

function point(minute: number, change: Partial<ReportPoint> = {}): ReportPoint {
  const startMs = T0 + minute * 60_000;
  const expected = { low: 8, high: 12 };
  return {
    startMs,
    endMs: startMs + 60_000,
    value: 10,
    expected,
    scored: true,
    anomaly: false,
    late: 0,
    ...change,
  };
}

function series(name: string, change: Partial<ReportSeries> = {}): ReportSeries {
  const points = [0, 1, 2, 3].map((minute) => point(minute));
  return { metric: 'm', series: name, field: 'mean', points, incidents: [], ...change };
}

function incident(name: string): ReportIncident {
  return {
    ...{ metric: 'm', series: name, openedMs: T0 + 60_000, closedMs: T0 + 120_000 },
    ...{ severity: 'critical', score: 0.9, observed: 99, expected: { low: 8, high: 12 } },
    reason: 'far above',
  };
}

function report(change: Partial<ReportData> = {}): string {
  const none = { title: 't', series: [], incidents: [], quarantine: [], run: null };
  return renderReport({ ...none, accounting: ACCOUNTING, ...change });
}

const PIPELINE = ['--pipeline', 'events/recordings/hostile.pipeline.json'];

async function command(...args: string[]) {
  const output = captureOutput();
  const code = await runCommand(args).finally(output.restore);
  return { code, stdout: output.printed.stdout, errors: output.errorLines() };
}

describe('renderReport', () => {
  it('needs nothing from outside: no address, no file, no font', () => {
    const page = report({ series: [series('a')] });

    expect(page.replaceAll('http://www.w3.org/', '')).not.toMatch(
      /https?:|src=|@import|url\((?!#)/,
    );
  });

  it('escapes whatever a stream can bring, also in the numbers beside a chart', () => {
    const evil = '</script><script>alert(1)</script>';
    const page = report({
      title: evil,
      series: [series(evil, { metric: evil, field: evil, incidents: [incident(evil)] })],
      incidents: [{ ...incident(evil), reason: evil, severity: evil }],
      quarantine: [
        {
          ...{ reason: evil, detail: evil, metric: null, partitionKey: evil, arrival: evil },
          data: Buffer.from(evil).toString('base64'),
        },
      ],
    });

    expect(page).not.toContain(evil);
    expect(page.match(/<script/g)).toHaveLength(2);
  });

  it('shades incidents, marks anomalies and late data, and breaks the line where windows are missing', () => {
    const points = [point(0), point(1, { value: 99, anomaly: true }), point(5, { late: 3 })];
    const page = report({ series: [series('a', { points, incidents: [incident('a')] })] });
    const line = /<path d="([^"]*)"[^>]*stroke="var\(--line\)"/.exec(page)?.[1];

    expect(page).toContain('fill="var(--incident-area)"');
    expect(page.match(/fill="var\(--incident\)"/g)).toHaveLength(1);
    expect(page.match(/fill="var\(--late\)"/g)).toHaveLength(1);
    expect(page).toContain('fill="var(--band)"');
    expect(line?.match(/M/g)?.length).toBeGreaterThan(1);
  });

  it('says in large letters when the accounting does not add up', () => {
    expect(report()).toContain('Adds up');
    expect(report({ accounting: { ...ACCOUNTING, applied: 7 } })).toContain('2 missing');
  });

  it('draws a bounded number of series, those with incidents first', () => {
    const many = Array.from({ length: CHARTS_MAX + 5 }, (_, index) => series(`s${index}`));
    const last = series('the-last', { incidents: [incident('the-last')] });
    const page = report({ series: [...many, last], incidents: [incident('the-last')] });

    expect(page.match(/<section class="chart/g)).toHaveLength(CHARTS_MAX);
    expect(page).toContain('<a href="#series-0">the-last</a>');
    expect(page).toContain('6 more are in rows.ndjson');
  });

  it.each([
    ['nothing scored', { scored: false, expected: null }, 'No window was scored', 0],
    ['scored windows and their bands', {}, 'None in 4 scored windows.', 1],
    ['scored windows without bands', { expected: null }, 'None in 4 scored windows.', 0],
  ])('no incident, %s: says what was looked at', (_name, change, expected, legends) => {
    const points = [0, 1, 2, 3].map((minute) => point(minute, change));
    const page = report({ series: [series('a', { points })] });

    expect(page).toContain(`<div class="card none">${expected}`);
    expect(page.match(/>expected<\/span>/g) ?? []).toHaveLength(legends);
    expect(page.match(/Bands are what the detector expected/g) ?? []).toHaveLength(legends);
  });

  it('has a page for a run without any window', () => {
    expect(report()).toContain('No window was published.');
  });

  it.each([
    ['windows without a value', { points: [point(0, { value: null })] }],
    ['a single window', { points: [point(0)] }],
    ['the largest doubles', { points: [point(0, { value: 1e308 }), point(1, { value: -1e308 })] }],
    ['nothing expected yet', { points: [point(0, { expected: null })] }],
  ])('draws %s', (_name, change) => {
    expect(report({ series: [series('a', change)] })).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('millrace report', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-report-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes a page of what replay left, and start leaves everything it needs', async () => {
    const recording = 'events/recordings/hostile.order.ndjson';
    const out = join(folder, 'results');
    const pipeline = 'events/recordings/hostile.pipeline.json';
    const started = await command(
      'start',
      recording,
      '--pipeline',
      pipeline,
      '--out',
      out,
      '--json',
    );
    const made = await command(
      'report',
      '--in',
      out,
      '--out',
      join(folder, 'again.html'),
      '--json',
    );
    const first = readFileSync(join(out, 'report.html'), 'utf8');

    const { usage, ...result } = JSON.parse(started.stdout);

    expect([started.code, made.code]).toEqual([0, 0]);
    expect(result).toMatchObject({ records: 352, late: 6, duplicate: 8 });
    // Small refused records are kept in a table.
    expect(usage).toMatchObject({ records: 352, kinesisBilledBytes: 352 * 1024, s3Puts: 0 });
    expect(usage.dynamoDbWriteUnits).toBeGreaterThan(JSON.parse(made.stdout).series);
    expect(usage.lambdaSeconds).toBeGreaterThan(0);
    expect(readdirSync(out).sort()).toEqual([
      ...['accounting.json', 'bands.ndjson', 'incidents.ndjson', 'quarantine.ndjson'],
      ...['report.html', 'rows.ndjson', 'run.json'],
    ]);
    expect(readFileSync(join(folder, 'again.html'), 'utf8')).toBe(first);
    expect(first).toContain('What this costs on AWS');
  });

  it('says on the page of a plain replay which command gives the bands', async () => {
    const out = join(folder, 'plain');
    const recording = 'events/recordings/host.two-disturbances.ndjson.gz';
    const args = ['replay', recording, '--out', out];
    const first = await command(...args);
    const made = await command('report', '--in', out);
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    const again = await command(...args);

    expect([first.code, made.code, again.code]).toEqual([0, 0, 0]);
    expect(page).toContain('millrace start RECORDING --pipeline FILE --out DIR');
    expect(page).not.toContain('Bands are what');
    expect(readdirSync(out)).not.toContain('report.html');
  });

  it('start replaces its own folder and refuses one with other files', async () => {
    const args = [
      'start',
      'events/recordings/hostile.names.ndjson',
      '--pipeline',
      'events/recordings/hostile.pipeline.json',
      '--out',
      folder,
    ];
    const twice = [(await command(...args)).code, (await command(...args)).code];
    writeFileSync(join(folder, 'thesis.doc'), 'mine');
    const refused = await command(...args);

    expect(twice).toEqual([0, 0]);
    expect(refused.code).toBe(2);
    expect(refused.errors.at(-1)).toContain('"thesis.doc" in it');
    expect(readFileSync(join(folder, 'thesis.doc'), 'utf8')).toBe('mine');
  });

  it('ends where no folder can be made', async () => {
    await command('replay', 'events/recordings/hostile.names.ndjson', '--out', folder, ...PIPELINE);

    const made = await command('report', '--in', folder, '--out', '/proc/none/report.html');

    expect(made.code).toBe(3);
    expect(made.errors).toEqual([expect.stringMatching(/^millrace: ENOENT/)]);
  });

  it.each([
    [
      'an empty folder',
      {},
      'rows.ndjson: expected a result of millrace replay --out, got no such file',
    ],
    [
      'rows that are no JSON',
      { 'rows.ndjson': '{}\n{' },
      'rows.ndjson: line 2: expected a JSON object',
    ],
  ])('%s: one line, exit 2', async (_name, files, line) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const run = await command('report', '--in', folder);

    expect(run).toEqual({ code: 2, stdout: '', errors: [`${folder}/${line}`] });
  });
});

describe('estimateCost', () => {
  const usage: Usage = {
    ...{ records: 1_000_000, kinesisBilledBytes: 1024 ** 3, kinesisBytes: 1024 ** 3 / 4 },
    ...{ streamHours: 10, lambdaInvocations: 1_000, lambdaSeconds: 100, lambdaMemoryMb: 1024 },
    ...{ architecture: 'arm64', dynamoDbWriteUnits: 20_000, dynamoDbReadUnits: 8_000 },
    ...{ dynamoDbSweepUnits: 800, s3Puts: 10 },
  };

  it.each([
    ['writes', 0.0125],
    ['reads', 0.001],
    ['sweeps', 0.0001],
    ['invocations', 0.0002],
    ['duration', 0.00133334],
    ['quarantined records', 0.00005],
    ['data in', 0.08],
    ['data out', 0.01],
    ['stream', 0.4],
  ])('%s: %p dollars', (what, dollars) => {
    expect(estimateCost(usage).items.find((item) => item.what === what)?.dollars).toBeCloseTo(
      dollars,
      9,
    );
  });

  it('counts per million events only what grows with them', () => {
    const cost = estimateCost(usage);

    expect(cost.processingPerMillionEvents).toBeCloseTo(0.01508334, 8);
    expect(cost.dollarsPerMillionEvents).toBeCloseTo(0.10508334, 8);
    expect(cost.dollars).toBeCloseTo(0.50518334, 8);
  });

  it('has an answer for no events', () => {
    expect(estimateCost({ ...usage, records: 0 }).dollarsPerMillionEvents).toBe(0);
  });

  it.each([
    [0, '$0'],
    [12.345, '$12.35'],
    [0.0125, '$0.013'],
    [0.000_006_7, '$0.0000067'],
    [1e-9, '< $0.000001'],
  ])('%p is shown as %s', (dollars, text) => {
    expect(dollarsText(dollars)).toBe(text);
  });
});

describe('texts', () => {
  it.each([
    [0, '0'],
    [0.03478, '0.0348'],
    [7.4249, '7.42'],
    [99.96, '99.96'],
    [305_864.96, '306k'],
    [-977.29, '-977.3'],
    [12_345, '12.3k'],
    [2_500_000, '2.5M'],
    [1e200, '1.0e+200'],
  ])('the number %p is short: %s', (value, text) => {
    expect(shortNumber(value)).toBe(text);
  });

  it.each([
    [45_000, '45s'],
    [180_000, '3m'],
    [270_000, '4m 30s'],
    [7_500_000, '2h 5m'],
    [100 * 3_600_000, '4d 4h'],
  ])('the duration %p is %s', (durationMs, text) => {
    expect(durationText(durationMs)).toBe(text);
  });

  it.each([
    ['66 minutes', 66 * 60_000, '10:00 10:10 10:20 10:30 10:40 10:50 11:00'],
    ['90 days', 90 * 86_400_000, 'Jan 15 Jan 29 Feb 12 Feb 26 Mar 12 Mar 26'],
    ['two minutes', 120_000, '10:00:00 10:00:30 10:01:00 10:01:30 10:02:00'],
  ])('the axis of %s has round moments', (_name, spanMs, texts) => {
    const ticks = timeTicks(T0, T0 + spanMs, 7);

    expect(ticks.map((ms) => tickText(ms, spanMs)).join(' ')).toBe(texts);
  });

  it('html escapes values and lists, and leaves html as it is', () => {
    expect(html`<i title="${'"'}">${['<', html`<b>${1}</b>`, null]}</i>`.text).toBe(
      '<i title="&quot;">&lt;<b>1</b></i>',
    );
    expect(jsonForHtml('</script>').text).toBe('"\\u003c/script>"');
  });
});
