import { localArn } from '../arn';
import { kindOfMapping } from '../source/table';
import type { Application } from './application';
import type { Properties } from './properties';

/** Adds an AWS::Lambda::EventSourceMapping to the function it names. */
export function addMapping(
  logicalId: string,
  properties: Properties,
  { functions, unsupported }: Application,
): void {
  const name = properties.requiredText('FunctionName');
  const prefix = localArn('lambda', 'function:');
  // A version or an alias may follow the name.
  const functionId = (name.startsWith(prefix) ? name.slice(prefix.length) : name).split(':')[0]!;
  const definition = functions.get(functionId);
  if (definition === undefined)
    properties.fail('FunctionName', `there is no function ${functionId}`);
  const arn = properties.text('EventSourceArn') ?? '';
  const source = kindOfMapping(arn)?.read(logicalId, 'EventSourceMapping', properties) ?? {
    kind: 'unsupported' as const,
    reason: `the local engine has no mapping for ${arn === '' ? 'a source without ARN' : arn}`,
  };
  if (source.kind !== 'unsupported') {
    definition!.sources.push(source);
    return;
  }
  const type = 'AWS::Lambda::EventSourceMapping';
  unsupported.push({ logicalId, event: null, type, reason: source.reason });
}
