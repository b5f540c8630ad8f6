import { EngineError } from '../error';
import { KinesisMapping } from '../kinesis/mapping';
import type { KinesisSource } from '../kinesis/settings';
import { streamOfArn } from '../template/attributes';
import type { Properties } from '../template/properties';
import type { SourceKind, SourceRuntime, Unsupported } from './source';
import { readStreamMapping } from './stream-mapping';

export const kinesisSource: SourceKind<KinesisSource> = {
  eventTypes: ['Kinesis'],
  mappingService: 'kinesis',
  read: (logicalId, _type, properties) => readMapping(logicalId, properties),
  create: (source, runtime) => createMapping(source, runtime),
};

function readMapping(logicalId: string, properties: Properties): KinesisSource | Unsupported {
  const arnName = properties.has('EventSourceArn') ? 'EventSourceArn' : 'Stream';
  const arn = properties.requiredText(arnName);
  const stream = streamOfArn(arn);
  if (stream === null)
    return { kind: 'unsupported', reason: `${arn} is no stream of this template` };
  refuse(properties);
  return { kind: 'kinesis', stream, ...readStreamMapping(logicalId, properties) };
}

/** What would change what a function is given, and is not simulated, must not pass unnoticed. */
function refuse(properties: Properties): void {
  if (properties.has('FilterCriteria')) {
    properties.fail('FilterCriteria', 'event filtering is not supported by the local engine');
  }
}

function createMapping(source: KinesisSource, runtime: SourceRuntime): KinesisMapping {
  const stream = runtime.streams[source.stream];
  if (stream === undefined) {
    const { logicalId } = runtime.host.definition;
    throw new EngineError(
      `${logicalId}.${source.logicalId} reads ${source.stream}, which was not given`,
    );
  }
  return new KinesisMapping(source, stream, runtime);
}
