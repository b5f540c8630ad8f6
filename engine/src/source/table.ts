import { tableStreamSource } from './dynamodb-stream';
import type { EventSource } from './event-source';
import { kinesisSource } from './kinesis';
import { scheduleSource } from './schedule';
import type { RunningSource, SourceKind, SourceRuntime } from './source';

const KINDS = {
  dynamodb: tableStreamSource,
  kinesis: kinesisSource,
  schedule: scheduleSource,
} as const;

type AnyKind = SourceKind<EventSource>;

export function kindOfEvent(type: string): AnyKind | undefined {
  return (Object.values(KINDS) as AnyKind[]).find(({ eventTypes }) => eventTypes.includes(type));
}

export function kindOfMapping(arn: string): AnyKind | undefined {
  const service = arn.split(':')[2] ?? '';
  return (Object.values(KINDS) as AnyKind[]).find(
    ({ mappingService }) => mappingService === service,
  );
}

export function createSource(source: EventSource, runtime: SourceRuntime): RunningSource {
  return (KINDS[source.kind] as AnyKind).create(source, runtime);
}
