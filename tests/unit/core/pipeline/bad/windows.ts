import { smallest } from '../examples';
import type { BadPipeline } from './bad-pipeline';

export const DURATIONS: readonly BadPipeline[] = [
  ['1 minute', 'a duration like "1m"', '"1 minute"'],
  ['1.5m', 'a duration like "1m"', '"1.5m"'],
  ['-1m', 'a duration like "1m"', '"-1m"'],
  ['01m', 'a duration like "1m"', '"01m"'],
  ['1M', 'a duration like "1m"', '"1M"'],
  ['1w', 'a duration like "1m"', '"1w"'],
  ['60', 'a duration like "1m"', '"60"'],
  [' 1m', 'a duration like "1m"', '" 1m"'],
  ['1m\n', 'a duration like "1m"', '"1m\\n"'],
  ['', 'a duration like "1m"', '""'],
  [60_000, 'a duration like "1m"', '60000'],
  [null, 'a duration like "1m"', 'null'],
  ['0s', 'a duration longer than zero', '"0s"'],
  ['0ms', 'a duration longer than zero', '"0ms"'],
].map(([size, expected, got]) => ({
  name: `window size ${JSON.stringify(size)}`,
  json: smallest({ window: { type: 'tumbling', size } }),
  problems: [`metrics.m.window.size: expected ${expected}, got ${got}`],
}));

export const WINDOWS: readonly BadPipeline[] = [
  {
    name: 'a window as a text',
    json: smallest({ window: '1m' }),
    problems: [
      'metrics.m.window: expected a window like {"type":"tumbling","size":"1m"}, got "1m"',
    ],
  },
  {
    name: 'a window without type',
    json: smallest({ window: { size: '1m' } }),
    problems: ['metrics.m.window.type: missing, expected "tumbling"'],
  },
  {
    name: 'an unknown type',
    json: smallest({ window: { type: 'sliding', size: '1m' } }),
    problems: ['metrics.m.window.type: expected "tumbling", got "sliding"'],
  },
  {
    name: 'a window without size',
    json: smallest({ window: { type: 'tumbling' } }),
    problems: ['metrics.m.window.size: missing, expected a duration like "1m"'],
  },
  {
    name: 'a tumbling window with slide',
    json: smallest({ window: { type: 'tumbling', size: '1m', slide: '10s' } }),
    problems: ['metrics.m.window.slide: unknown field'],
  },
  {
    name: 'an offset as long as the size',
    json: smallest({ window: { type: 'tumbling', size: '1m', offset: '60s' } }),
    problems: ['metrics.m.window.offset: expected an offset shorter than the size, got "60s"'],
    beyondSchema: true,
  },
  {
    name: 'a good hopping window',
    json: smallest({ window: { type: 'hopping', size: '1m', slide: '20s' } }),
    problems: [
      'metrics.m.window.type: "hopping" windows are not supported yet, use "tumbling" with a size',
    ],
  },
  {
    name: 'a hopping window, whatever else is wrong with it',
    json: smallest({ window: { type: 'hopping', size: '1 minute', slide: '25s' } }),
    problems: [
      'metrics.m.window.type: "hopping" windows are not supported yet, use "tumbling" with a size',
    ],
  },
  {
    name: 'a good session window',
    json: smallest({ window: { type: 'session', gap: '5m', max: '1h' } }),
    problems: [
      'metrics.m.window.type: "session" windows are not supported yet, use "tumbling" with a size',
    ],
  },
  {
    name: 'a session window without gap and with a zero max',
    json: smallest({ window: { type: 'session', max: '0s' } }),
    problems: [
      'metrics.m.window.type: "session" windows are not supported yet, use "tumbling" with a size',
    ],
  },
];
