import {
  type ParseOptions,
  PipelineError,
  parsePipeline,
  parsePipelineText,
} from '@millrace/core/pipeline/parse';
import { AGGREGATE_OPS } from '@millrace/core/pipeline/pipeline';
import { BAD_PIPELINES } from './bad-pipelines';
import { EXAMPLE_METRIC, SMALLEST_METRIC, smallest, withMetric } from './examples';
import { GOOD_PIPELINES } from './good-pipelines';

function problemsOf(parse: () => unknown): readonly string[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof PipelineError) return error.problems;
    throw error;
  }
  return [];
}

function metricOf(json: unknown, options?: ParseOptions) {
  return parsePipeline(json, options).pipeline.metrics[0];
}

describe('parsePipeline', () => {
  test('the example of the reference becomes a metric with paths and milliseconds', () => {
    const { pipeline, warnings } = parsePipeline(withMetric(EXAMPLE_METRIC, 'host.cpu'));

    expect(warnings).toEqual([]);
    expect(pipeline).toEqual({
      version: 1,
      transform: null,
      metrics: [
        {
          name: 'host.cpu',
          match: [{ path: ['type'], anyOf: ['host'] }],
          series: [['host']],
          time: { path: ['ts'], unit: 'ms' },
          value: { path: ['cpu'], coerce: false },
          window: { type: 'tumbling', sizeMs: 60_000, offsetMs: 0 },
          outOfOrdernessMs: 10_000,
          allowedLatenessMs: 60_000,
          idleCloseMs: 120_000,
          maxFutureSkewMs: 60_000,
          dedupe: { by: 'eventId', path: ['id'] },
          aggregates: [
            { op: 'count', path: null, as: 'count' },
            { op: 'mean', path: null, as: 'mean' },
            { op: 'max', path: null, as: 'max' },
            { op: 'p99', path: null, as: 'p99' },
            { op: 'distinct', path: ['user'], as: 'users' },
          ],
          transform: null,
          detect: { detector: 'default', on: 'mean' },
          alert: { when: 'open', minSeverity: 'warning', cooldownMs: 900_000 },
        },
      ],
    });
  });

  test('absent settings have their documented defaults', () => {
    expect(metricOf(withMetric(SMALLEST_METRIC))).toEqual({
      name: 'm',
      match: [],
      series: [],
      time: null,
      value: null,
      window: { type: 'tumbling', sizeMs: 60_000, offsetMs: 0 },
      outOfOrdernessMs: 10_000,
      allowedLatenessMs: 60_000,
      idleCloseMs: 120_000,
      maxFutureSkewMs: 60_000,
      dedupe: null,
      aggregates: [{ op: 'count', path: null, as: 'count' }],
      transform: null,
      detect: null,
      alert: null,
    });
  });

  test('maxFutureSkew follows allowedLateness', () => {
    expect(metricOf(smallest({ allowedLateness: '6h' }))?.maxFutureSkewMs).toBe(21_600_000);
  });

  test.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1m', 60_000],
    ['6h', 21_600_000],
    ['1d', 86_400_000],
  ])('a duration of %s is %d ms', (text, ms) => {
    expect(metricOf(smallest({ idleClose: text }))?.idleCloseMs).toBe(ms);
  });

  test('an empty alert and detection have defaults', () => {
    expect(metricOf(smallest({ detect: { on: 'count' }, alert: {} }))).toMatchObject({
      detect: { detector: 'default', on: 'count' },
      alert: { when: 'open', minSeverity: 'warning', cooldownMs: 900_000 },
    });
  });

  test('a top list has ten entries unless told otherwise', () => {
    const aggregates = ['top', { op: 'top', path: 'u', k: 3, as: 'users' }];
    expect(metricOf(smallest({ aggregates }))?.aggregates).toEqual([
      { op: 'top', path: null, as: 'top', k: 10 },
      { op: 'top', path: ['u'], as: 'users', k: 3 },
    ]);
  });

  test('every op is an aggregate', () => {
    const specs = metricOf(smallest({ aggregates: [...AGGREGATE_OPS] }))?.aggregates;
    expect(specs?.map((spec) => spec.op)).toEqual(AGGREGATE_OPS);
  });

  test('metrics keep their order and any name', () => {
    const json = JSON.parse(
      `{"version":1,"metrics":{"b":M,"__proto__":M,"constructor":M,"a b":M}}`.replaceAll(
        'M',
        JSON.stringify(SMALLEST_METRIC),
      ),
    );
    const names = parsePipeline(json).pipeline.metrics.map((metric) => metric.name);
    expect(names).toEqual(['b', '__proto__', 'constructor', 'a b']);
  });

  test.each(GOOD_PIPELINES)('$name is accepted', ({ json }) => {
    expect(problemsOf(() => parsePipeline(json))).toEqual([]);
  });

  test.each(BAD_PIPELINES)('$name is refused', ({ json, problems }) => {
    expect(problemsOf(() => parsePipeline(json))).toEqual(
      problems.map((problem) => `pipeline.json: ${problem}`),
    );
  });

  test('mistakes of all metrics are listed, under the name of the file', () => {
    const json = {
      version: 1,
      metrics: {
        'host.cpu': { ...SMALLEST_METRIC, window: { type: 'tumbling', size: '1 minute' } },
        b: { ...SMALLEST_METRIC, aggregates: ['median'] },
      },
    };
    const problems = problemsOf(() => parsePipeline(json, { source: 'p/x.json' }));
    expect(problems).toEqual([
      'p/x.json: metrics.host.cpu.window.size: expected a duration like "1m", got "1 minute"',
      expect.stringMatching(
        /^p\/x\.json: metrics\.b\.aggregates\.0: expected one of .* got "median"$/,
      ),
    ]);
  });

  test('the message of the error is its lines', () => {
    expect(() => parsePipeline(smallest({ x: 1, y: 2 }))).toThrow(
      'pipeline.json: metrics.m.x: unknown field\npipeline.json: metrics.m.y: unknown field',
    );
  });
});

describe('parsePipeline with known names', () => {
  const options = {
    transforms: new Set(['split', 'clean']),
    detectors: new Set(['ewma']),
  };

  test('known transforms and detectors, and the default detector, are accepted', () => {
    const json = {
      version: 1,
      transform: 'split',
      metrics: {
        a: { ...SMALLEST_METRIC, transform: 'clean', detect: { on: 'count', detector: 'ewma' } },
        b: { ...SMALLEST_METRIC, detect: { on: 'count', detector: 'default' } },
      },
    };
    const { pipeline } = parsePipeline(json, options);
    expect(pipeline.transform).toBe('split');
    expect(pipeline.metrics.map((metric) => metric.transform)).toEqual(['clean', null]);
  });

  test('unknown ones are refused', () => {
    const json = {
      version: 1,
      transform: 'splitt',
      metrics: {
        m: { ...SMALLEST_METRIC, transform: 'none', detect: { on: 'count', detector: 'x' } },
      },
    };
    expect(problemsOf(() => parsePipeline(json, options))).toEqual([
      'pipeline.json: transform: there is no transforms/splitt.ts, did you mean "split"?',
      'pipeline.json: metrics.m.transform: there is no transforms/none.ts',
      'pipeline.json: metrics.m.detect.detector: expected one of "default", "ewma", got "x"',
    ]);
  });
});

describe('warnings', () => {
  test('a future skew beyond the lateness', () => {
    const { warnings } = parsePipeline(smallest({ maxFutureSkew: '2m' }));
    expect(warnings).toEqual([
      'pipeline.json: metrics.m.maxFutureSkew: is longer than "allowedLateness": windows that fast clocks open ahead are held until their time',
    ]);
  });

  test('duplicates by event time where the event time is the arrival', () => {
    const { warnings } = parsePipeline(smallest({ dedupe: { by: 'eventTime' } }));
    expect(warnings).toEqual([expect.stringContaining('metrics.m.dedupe: compares arrival times')]);
  });

  test('a future skew equal to the lateness is none', () => {
    expect(parsePipeline(smallest({ maxFutureSkew: '60s' })).warnings).toEqual([]);
  });

  test.each([
    ['created_ns', 'ns'],
    ['event.epochSeconds', 's'],
    ['ts_s', 's'],
    ['sent.micros', 'us'],
  ])('a time at %s that is read as milliseconds', (time, unit) => {
    expect(parsePipeline(smallest({ time })).warnings).toEqual([
      `pipeline.json: metrics.m.time: numbers are read as milliseconds: should "timeUnit" be "${unit}"?`,
    ]);
    expect(parsePipeline(smallest({ time, timeUnit: unit })).warnings).toEqual([]);
  });

  test.each(['ts', 'epochMilliseconds', 'created_ms', 'class', 'seconds.at'])(
    'nothing is said of a time at %s',
    (time) => {
      expect(parsePipeline(smallest({ time })).warnings).toEqual([]);
    },
  );

  test('a maxPastSkew that refuses what windows would take', () => {
    const warningsOf = (maxPastSkew: string) =>
      parsePipeline(smallest({ time: 'ts', maxPastSkew })).warnings;
    expect(warningsOf('69s')).toEqual([
      expect.stringContaining('metrics.m.maxPastSkew: is shorter'),
    ]);
    expect(warningsOf('70s')).toEqual([]);
  });
});

describe('parsePipelineText', () => {
  const good = JSON.stringify(withMetric(SMALLEST_METRIC), null, 2);

  test('reads a text, also after a byte order mark', () => {
    const { pipeline } = parsePipelineText(`\ufeff${good}\n`);
    expect(pipeline).toEqual(parsePipeline(withMetric(SMALLEST_METRIC)).pipeline);
  });

  test.each([
    ['', 'line 1, column 1: expected a JSON value, got the end of the file'],
    ['{"version":1,}', 'line 1, column 14: expected a field name in double quotes, got "}"'],
    [
      '{\r\n  "version": 1\r\n  "metrics": {}\r\n}',
      'line 3, column 3: expected "," or "}", got "\\""',
    ],
    ['{"a":"x\ny"}', 'line 1, column 8: expected the end of a string, got "\\n"'],
    ["{'a':1}", 'line 1, column 2: expected a field name in double quotes, got "\'"'],
    ['{"a":[1,2}', 'line 1, column 10: expected "," or "]", got "}"'],
    ['{"a":01}', 'line 1, column 7: expected "," or "}", got "1"'],
    ['{"a":NaN}', 'line 1, column 6: expected a JSON value, got "N"'],
    ['{"a" 1}', 'line 1, column 6: expected ":", got "1"'],
    ['{} // done', 'line 1, column 4: expected the end of the file, got "/"'],
    ['['.repeat(100_000), 'line 1, column 66: nested deeper than 64 levels'],
  ])('the syntax error of %j has its line and column', (text, problem) => {
    const problems = problemsOf(() => parsePipelineText(text, { source: 'p.json' }));
    expect(problems).toEqual([`p.json: ${problem}`]);
  });

  test('numbers beyond a double are shown as they stand in the file', () => {
    const metric = '{"window":{"type":"tumbling","size":-1e400},"aggregates":["count"]}';
    const text = `{"version":1e400,"metrics":{"a":{"match":{"x":["y",1e999]},${metric.slice(1)}}}`;
    expect(problemsOf(() => parsePipelineText(text))).toEqual([
      'pipeline.json: version: expected 1, got 1e400',
      'pipeline.json: metrics.a.window.size: expected a duration like "1m", got -1e400',
      'pipeline.json: metrics.a.match.x.1: expected a string, number, boolean or null, got 1e999',
    ]);
  });

  test('a repeated field is refused beside the other mistakes', () => {
    const metric = '{"window":{"type":"tumbling","size":"1m"},"aggregates":["count"],"x":1}';
    const text = `{"version":1,"metrics":{"a":${metric},\n"a":${metric}}}`;
    expect(problemsOf(() => parsePipelineText(text))).toEqual([
      'pipeline.json: metrics.a: appears a second time on line 2, and only the last would count',
      'pipeline.json: metrics.a.x: unknown field',
    ]);
  });
});
