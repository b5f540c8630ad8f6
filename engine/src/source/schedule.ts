import { parseSchedule } from '../schedule/expression';
import { ScheduleRule } from '../schedule/rule';
import type { ScheduleSource } from '../schedule/settings';
import type { Properties } from '../template/properties';
import type { SourceKind, Unsupported } from './source';

export const scheduleSource: SourceKind<ScheduleSource> = {
  eventTypes: ['Schedule', 'ScheduleV2'],
  mappingService: null,
  read: (logicalId, type, properties) => readSchedule(logicalId, type, properties),
  create: (source, runtime) => new ScheduleRule(source, runtime),
};

function readSchedule(
  logicalId: string,
  type: string,
  properties: Properties,
): ScheduleSource | Unsupported {
  const name = type === 'Schedule' ? 'Schedule' : 'ScheduleExpression';
  const timezone = properties.text('ScheduleExpressionTimezone') ?? 'UTC';
  if (!/^(UTC|Etc\/UTC|GMT)$/.test(timezone)) {
    return { kind: 'unsupported', reason: `the local engine schedules in UTC, not in ${timezone}` };
  }
  const expression = properties.requiredText(name);
  const problem = problemOf(expression);
  if (problem !== null) properties.fail(name, problem);
  const input = properties.text('Input');
  if (input !== null && !isJson(input)) properties.fail('Input', 'expected JSON text');
  return {
    kind: 'schedule',
    logicalId,
    service: type === 'Schedule' ? 'rule' : 'scheduler',
    expression,
    enabled: properties.flag('Enabled', true) && properties.text('State') !== 'DISABLED',
    input,
  };
}

function problemOf(expression: string): string | null {
  try {
    parseSchedule(expression);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
