import type { EventSource } from '../source/event-source';
import { kindOfEvent } from '../source/table';
import type { FunctionDefinition, UnsupportedSource } from './application';
import type { Properties } from './properties';
import type { Resolver } from './resolver';

/** Lambda's defaults where the template says nothing. */
const TIMEOUT_SECONDS = 3;
const MEMORY_MB = 128;

export function readFunction(
  logicalId: string,
  properties: Properties,
  sources: EventSource[],
): FunctionDefinition {
  return {
    logicalId,
    codeUri: readCodeUri(properties),
    handler: properties.text('Handler') ?? '',
    timeoutMs: properties.integer('Timeout', [1, 900], TIMEOUT_SECONDS) * 1_000,
    memoryMb: properties.integer('MemorySize', [128, 10_240], MEMORY_MB),
    reservedConcurrency: properties.integer('ReservedConcurrentExecutions', [0, 1e6], null),
    environment: readEnvironment(properties),
    sources,
  };
}

function readCodeUri(properties: Properties): string | null {
  const uri = properties.any('CodeUri');
  return typeof uri === 'string' ? uri : null;
}

function readEnvironment(properties: Properties): Record<string, string> {
  const variables = properties.map('Environment').map('Variables');
  const environment: Record<string, string> = {};
  for (const name of variables.names) {
    const value = variables.text(name);
    if (value !== null) environment[name] = value;
  }
  return environment;
}

/** Reads `Events` of a serverless function; what cannot be run is added to `unsupported`. */
export function readEvents(
  logicalId: string,
  properties: Properties,
  resolver: Resolver,
  unsupported: UnsupportedSource[],
): EventSource[] {
  const sources: EventSource[] = [];
  const events = properties.map('Events');
  for (const name of events.names) {
    const event = events.map(name);
    const condition = event.text('Condition');
    const isLeftOut = condition !== null && !resolver.condition(condition, event.path);
    // An event that Fn::If turned into AWS::NoValue has no properties at all.
    if (isLeftOut || event.names.length === 0) continue;
    const type = event.requiredText('Type');
    const kind = kindOfEvent(type);
    const source = kind?.read(name, type, event.map('Properties')) ?? {
      kind: 'unsupported' as const,
      reason: `the local engine has no event source ${type}`,
    };
    if (source.kind !== 'unsupported') sources.push(source);
    else unsupported.push({ logicalId, event: name, type, reason: source.reason });
  }
  return sources;
}
