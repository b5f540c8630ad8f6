import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import type { KeyValueStore } from '@millrace/core/port';
import { uniqueName } from '../../endpoint';
import { resourcesOf } from '../../template/document';
import { lineOf, readLedger, writeLedger } from '../policy/ledger';
import { type Names, type Stack, stackOf } from '../policy/stack';
import { allows, statementsOf } from '../policy/statement';
import { type FunctionProcess, startFunction } from './function-process';
import { type Recorder, startRecorder } from './recorder';

/** A function of the template on tables of an emulator, with all its requests noted. */
export interface WatchedFunction {
  readonly stack: Stack;
  readonly recorder: Recorder;
  /** Beside the recorder: what the scenario itself does is not the function's. */
  table(id: string): KeyValueStore;
  invoke(event: unknown): Promise<unknown>;
  /**
   * Until nothing is handed back, as an event source does: emulators on a busy machine may be slow.
   * @throws Error when something still is after some tries
   */
  deliver(event: unknown): Promise<void>;
  /** A cold start, with these variables changed. */
  restart(environment: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

const DELIVERIES_MAX = 4;

export interface WatchOptions {
  /** Of the tables, and of everything else without an endpoint of its own. */
  readonly endpointUrl: string;
  readonly names?: Names;
  /** By name, where the recorder has to stand in for an endpoint. */
  readonly endpoints?: readonly string[];
}

export async function watchFunction(name: string, options: WatchOptions): Promise<WatchedFunction> {
  const client = createDynamoClient({ endpointUrl: options.endpointUrl });
  const stack = stackOf({ ...(await makeTables(client)), ...options.names });
  const recorder = await startRecorder(options.endpointUrl);
  let running: FunctionProcess | undefined;
  let environment: Readonly<Record<string, string>> = Object.fromEntries(
    ['ENDPOINT_URL', ...(options.endpoints ?? [])].map((variable) => [variable, recorder.url]),
  );
  const invoke = async (event: unknown) => {
    running ??= await startFunction(name, stack, environment);
    return running.invoke(event);
  };
  return {
    stack,
    recorder,
    table: (id) => createDynamoStore({ client, table: stack.text({ Ref: id }) }),
    invoke,
    async deliver(event) {
      for (let tries = 0; tries < DELIVERIES_MAX; tries++) {
        const { batchItemFailures } = (await invoke(event)) as { batchItemFailures: unknown[] };
        if (batchItemFailures.length === 0) return;
      }
      throw new Error(`${name} hands the batch back, ${DELIVERIES_MAX} times`);
    },
    async restart(changes) {
      await running?.stop();
      running = undefined;
      environment = { ...environment, ...changes };
    },
    async stop() {
      await running?.stop();
      await recorder.stop();
      client.destroy();
    },
  };
}

/** The tables of the template, with their keys and indexes. */
async function makeTables(client: DynamoDBClient): Promise<Names> {
  const tables = resourcesOf(stackOf().document, 'AWS::DynamoDB::Table');
  const made = tables.map(async ([id, { Properties }]): Promise<[string, string]> => {
    const { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = Properties;
    const TableName = uniqueName(id);
    const shape = { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes };
    await client.send(new CreateTableCommand({ TableName, ...shape }));
    return [id, TableName];
  });
  return Object.fromEntries(await Promise.all(made));
}

/** `npm run permissions` sets it: what is seen becomes what is expected. */
const isRecording = process.env.MILLRACE_RECORD_PERMISSIONS === 'true';

/** The last tests of a scenario: everything that was sent is allowed, and is what calls.json says. */
export function describeWhatWasSent(name: string, watched: () => WatchedFunction): void {
  describe(`what ${name} sends`, () => {
    test('is understood', () => {
      expect(watched().recorder.problems).toEqual([]);
    });

    test('is allowed by a statement of its role', () => {
      const { stack, recorder } = watched();
      const statements = statementsOf(name, stack);
      const denied = recorder.needs.filter(
        (need) => !statements.some((statement) => allows(statement, need)),
      );

      expect(distinct(denied.map((need) => lineOf(need, stack)))).toEqual([]);
    });

    test('is what calls.json says (npm run permissions records it)', () => {
      const { stack, recorder } = watched();
      const lines = distinct(recorder.needs.map((need) => lineOf(need, stack)));
      if (isRecording) writeLedger(name, lines);

      expect(lines).toEqual(readLedger()[name]);
    });
  });
}

function distinct(lines: readonly string[]): string[] {
  return [...new Set(lines)].sort();
}
