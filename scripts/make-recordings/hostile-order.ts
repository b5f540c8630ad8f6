import { type Expectation, type HostileRecording, hostileScript, T0 } from './hostile-recording';

/**
 * Late, duplicate and out-of-order records at the edges. The pipeline has windows of 10 s, 5 s of
 * outOfOrderness, 20 s of allowedLateness and 10 min of idleClose; times below are seconds after T0.
 */
export function order(): HostileRecording {
  const script = hostileScript(100);
  let ids = 0;
  const send = (
    expect: Expectation,
    why: string,
    series: string,
    second: number,
    change: Readonly<Record<string, unknown>> = {},
    partitionKey = series,
  ) => {
    ids++;
    const ts = T0 + Math.round(second * 1000);
    const record = { type: 'reading', id: `o${ids}`, series, ts, value: ids, ...change };
    script.add(expect, why, JSON.stringify(record), partitionKey);
  };
  script.wait(60_000);

  send('applied', 'watermark -5', 'edge', 0);
  send('applied', 'watermark 39.999', 'edge', 44.999);
  send('applied', '[10, 20) ends at 20, plus 20 is above 39.999: not late', 'edge', 15);
  send('applied', 'watermark 40', 'edge', 45);
  send('late', '[10, 20) plus 20 is at the watermark', 'edge', 15.5);
  send('late', 'late before duplicate', 'edge', 15, { id: 'o3' });
  send('applied', '[20, 30) is published and still held: a revision', 'edge', 25);
  send('applied', 'the first millisecond of a window', 'edge', 30);
  send('late', 'the last millisecond of the window before the held ones', 'edge', 19.999);
  send('late', 'an hour old', 'edge', -3600);

  send('applied', 'out of order within outOfOrderness', 'shuffled', 9);
  for (const second of [4, 8, 5, 7, 6]) send('applied', 'out of order', 'shuffled', second);
  send('applied', 'the same event time again is no duplicate', 'shuffled', 6);

  send('applied', 'an id', 'twice', 0, { id: 'same' });
  send('duplicate', 'the same id in the same window', 'twice', 3, { id: 'same' });
  send('applied', 'the same id in the next window', 'twice', 10, { id: 'same' });
  send('duplicate', 'the window before is still held', 'twice', 9.999, { id: 'same' });
  send('applied', 'a number for an id', 'twice', 11, { id: 7 });
  send('duplicate', 'the number again', 'twice', 11, { id: 7 });
  send('applied', 'a string is not that number', 'twice', 11, { id: '7' });
  send('applied', 'true for an id', 'twice', 11, { id: true });
  send('duplicate', 'true again', 'twice', 11, { id: true });
  for (const id of [null, { a: 1 }, [1], undefined]) {
    send('applied', 'no key', 'twice', 12, { id });
    send('applied', 'no key again', 'twice', 12, { id });
  }
  send('applied', 'ids that differ behind 300 characters', 'twice', 13, {
    id: `${'x'.repeat(300)}1`,
  });
  send('applied', 'the other one', 'twice', 13, { id: `${'x'.repeat(300)}2` });
  send('duplicate', 'the first one again', 'twice', 13, { id: `${'x'.repeat(300)}1` });
  send('applied', 'an id that looks like a key of ours', 'twice', 14, { id: '__proto__' });
  send('duplicate', 'and again', 'twice', 14, { id: '__proto__' });
  send('applied', 'watermark 45: [10, 20) is given up', 'twice', 50, { id: 'x' });
  send('late', 'the id of a window that is no longer held', 'twice', 10, { id: 'same' });

  send('applied', 'a series in two partition keys', 'split', 1, { id: 'part' }, 'split-1');
  send('applied', 'each key has its own memory', 'split', 1, { id: 'part' }, 'split-2');
  send('applied', 'and its own watermark', 'split', 80, {}, 'split-1');
  send('applied', 'so this is not late', 'split', 2, {}, 'split-2');

  for (let index = 0; index < 300; index++) {
    send('applied', 'more ids than a window remembers', 'crowded', 5, { id: `c${index}` });
  }
  send('applied', 'forgotten: it counts twice, and dedupeOverflow says so', 'crowded', 5, {
    id: 'c0',
  });
  send('duplicate', 'one of the latest 256', 'crowded', 5, { id: 'c255' });
  send('duplicate', 'and another', 'crowded', 5, { id: 'c256' });

  send('applied', 'the last record before a silence', 'idle', 61);
  script.wait(600_000 - 100);
  send('applied', 'closed by the silence, yet within allowedLateness', 'idle', 62);
  send('late', '[40, 50) plus 20 is at 70, where the silence moved the watermark', 'idle', 49);
  send('applied', 'time goes on', 'idle', 700);
  return {
    name: 'order',
    gzip: false,
    origin: 'hand-written: late, duplicate and out-of-order records at the edges of the rules',
    records: script.records,
  };
}
