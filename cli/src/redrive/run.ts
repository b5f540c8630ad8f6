import { randomUUID } from 'node:crypto';
import { systemClock } from '@millrace/adapters/system-clock';
import type { KeyValueStore, StreamWriter } from '@millrace/core/port';
import { scanAll } from '@millrace/core/results/pages';
import type { Command } from 'commander';
import { complaint } from '../command';
import { AnswerNoError } from '../exit';
import { loadPipeline } from '../load-pipeline';
import { grouped, print, printJson, say } from '../output';
import { filterOf } from '../quarantine/filter-options';
import { openStores, type QuarantineStores } from '../quarantine/open-stores';
import { readUndelivered, type Undelivered, undeliveredLine } from '../quarantine/undelivered';
import type { RedriveFlags } from './command';
import type { Forecast, Outcome } from './forecast';
import { openRecording } from './recording-writer';
import { type RedriveCounts, redrive } from './redrive';
import type { RefusedUser } from './users';

/** Records a dry run names one by one; all of them are counted. */
const LISTED_MAX = 50;

export async function runRedrive(command: Command, flags: RedriveFlags): Promise<void> {
  const clock = systemClock;
  const filter = filterOf(flags);
  const { pipeline, transforms } = await loadPipeline(flags.pipeline, {
    transforms: flags.transforms,
  });
  const stores = await openStores(command, flags);
  const listed: object[] = [];
  let counts: RedriveCounts;
  let undelivered: readonly Undelivered[];
  try {
    undelivered = await readUndelivered(stores.objects);
    const target = await openTarget(command, flags, stores);
    const judge = {
      ...{ pipeline, transforms, state: target.isOwn ? stores.state : null },
      ...(stores.stream === null && (await endOf(stores.state))),
    };
    counts = await redrive({
      control: stores.control,
      objects: stores.objects,
      writer: target.writer,
      ...(target.finish && { finish: target.finish }),
      toStream: target.name,
      filter,
      judge,
      all: flags.all === true,
      clock,
      run: randomUUID(),
      onRecord: (user, seen) => {
        if (flags.dryRun && listed.length < LISTED_MAX) listed.push(lineOf(user, seen, flags));
      },
    });
  } finally {
    await stores.close();
  }
  if (flags.json === true) printJson({ dryRun: flags.dryRun === true, ...counts, listed });
  else for (const line of summary(counts, flags)) print(line);
  const beyond = undeliveredLine(undelivered);
  if (beyond !== null) say(beyond);
  if (counts.busy > 0) {
    const text = `${grouped(counts.busy)} records are being put by another run, or by one that died less than a minute ago: run it again`;
    throw new AnswerNoError(complaint(command, text));
  }
}

/** A local run is over at its last record, however long ago it was recorded. */
async function endOf(state: KeyValueStore): Promise<{ readonly nowMs?: number }> {
  let nowMs = Number.NEGATIVE_INFINITY;
  for await (const { la } of scanAll(state))
    if (typeof la === 'number') nowMs = Math.max(nowMs, la);
  return Number.isFinite(nowMs) ? { nowMs } : {};
}

interface Target {
  readonly name: string;
  /** Whether the stores' own state is what the records will meet. */
  readonly isOwn: boolean;
  readonly writer: StreamWriter | null;
  readonly finish?: () => Promise<void>;
}

async function openTarget(
  command: Command,
  flags: RedriveFlags,
  { stream }: QuarantineStores,
): Promise<Target> {
  if (stream !== null) {
    const name = flags.toStream ?? stream.name;
    const writer = flags.dryRun ? null : stream.writer(name);
    return { name, isOwn: name === stream.name, writer };
  }
  if (flags.dryRun || flags.out === undefined) return { name: 'local', isOwn: true, writer: null };
  const recording = await openRecording(command, flags.out, systemClock);
  return { name: 'local', isOwn: true, ...recording };
}

function lineOf(user: RefusedUser, { outcome, detail }: Forecast, flags: RedriveFlags) {
  const { id, reason, metric } = user;
  if (flags.json !== true) print(`${id}  ${reason}  ${SAYS[outcome]}: ${detail}`);
  return { id, reason, metric, outcome, detail };
}

const SAYS: Readonly<Record<Outcome, string>> = {
  apply: 'would be applied',
  refused: 'would be refused again',
  late: 'would be late',
  duplicate: 'would be a duplicate',
  unmatched: 'would match no metric',
  twice: 'would be counted twice',
  gone: 'cannot be put',
  unputable: 'no stream takes it under its partition key',
};

/** Nothing that is put now can change a window that is closed. */
const LATE_HINT =
  '  what is late stays out of the rows: a batch recomputation over the recorded stream mends the past';

function summary(counts: RedriveCounts, flags: RedriveFlags): readonly string[] {
  const { records, put, uncertain, done, kept, outcomes } = counts;
  const lines = [
    `${grouped(records)} records: ${grouped(put)} ${flags.dryRun ? 'would be ' : ''}put`,
  ];
  for (const [outcome, count] of Object.entries(outcomes)) {
    lines.push(`  ${grouped(count)} put: ${SAYS[outcome as Outcome]}`);
  }
  for (const [outcome, count] of Object.entries(kept)) {
    lines.push(`  ${grouped(count)} left: ${SAYS[outcome as Outcome]}`);
  }
  if ((kept.late ?? 0) + (outcomes.late ?? 0) > 0) lines.push(LATE_HINT);
  if (done > 0) lines.push(`  ${grouped(done)} left: put by an earlier run`);
  if (uncertain > 0) {
    lines.push(
      `  ${grouped(uncertain)} of them may be in the stream twice: a run died while putting them`,
    );
  }
  return lines;
}
