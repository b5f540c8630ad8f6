import { isMap, parse, parseDocument } from 'yaml';

/**
 * MiniStack refuses a template with Timestream in it. An event bus, which it knows, also has a name as
 * its `Ref`, and the attributes `Name` and `Arn`: with buses in the place of database and table, all
 * else of the template is deployed as it is. The real ones are made in moto under the same names.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  TimestreamDatabase: 'AWS::Timestream::Database',
  TimestreamTable: 'AWS::Timestream::Table',
};

/** The built template for MiniStack. Nothing else is changed. */
export function withStandIns(template: string): string {
  const document = parseDocument(template, { logLevel: 'silent' });
  for (const [id, type] of Object.entries(STAND_INS)) {
    const resource = document.getIn(['Resources', id]);
    if (!isMap(resource) || resource.get('Type') !== type) {
      throw new Error(`expected ${id} to be of type ${type}`);
    }
    resource.set('Type', 'AWS::Events::EventBus');
    resource.set('Properties', document.createNode({ Name: `${id}-of-the-test` }));
  }
  return document.toString();
}

/** Type of the first event source of each function of a template, whatever its condition says. */
export function functionSources(template: string): Record<string, string> {
  const { Resources } = parse(template, { logLevel: 'silent' }) as {
    Resources: Record<string, { Type: string; Properties: { Events?: Record<string, Source> } }>;
  };
  const functions = Object.entries(Resources).filter(
    ([, { Type }]) => Type === 'AWS::Serverless::Function',
  );
  return Object.fromEntries(
    functions.map(([id, { Properties }]) => [id, Object.values(Properties.Events ?? {})[0]?.Type]),
  ) as Record<string, string>;
}

interface Source {
  readonly Type: string;
}
