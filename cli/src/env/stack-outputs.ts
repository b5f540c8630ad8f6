import {
  CloudFormationClient,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { refuseUnset } from '../aws-settings';
import { OutsideError, UsageError } from '../exit';

export interface StackAddress {
  /** Of an emulator; absent = AWS. */
  readonly endpointUrl?: string | undefined;
  readonly region?: string | undefined;
}

/** What a deployed stack says of itself. */
export interface StackDescription {
  readonly outputs: Readonly<Record<string, string>>;
  /** Every parameter of the template with the value it was deployed with. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Asks CloudFormation for a stack: one DescribeStacks call.
 * @throws UsageError when there is no such stack, OutsideError when it cannot be asked
 */
export async function describeStack(
  name: string,
  { endpointUrl, region }: StackAddress = {},
): Promise<StackDescription> {
  const client = new CloudFormationClient({
    ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
    ...(region !== undefined && { region }),
  });
  const stack = await findStack(client, name).finally(() => client.destroy());
  return {
    outputs: byName(stack.Outputs?.map((o) => [o.OutputKey, o.OutputValue])),
    parameters: byName(stack.Parameters?.map((p) => [p.ParameterKey, p.ParameterValue])),
  };
}

/** The outputs alone; see `describeStack`. */
export async function readStackOutputs(
  name: string,
  address: StackAddress = {},
): Promise<Readonly<Record<string, string>>> {
  return (await describeStack(name, address)).outputs;
}

async function findStack(client: CloudFormationClient, name: string): Promise<Stack> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    if (Stacks?.[0] !== undefined) return Stacks[0];
  } catch (error) {
    const { name: kind, message } = error as Error;
    if (kind !== 'ValidationError' || !/does not exist/.test(message)) {
      refuseUnset(error);
      throw new OutsideError(`stack ${name}: ${message || kind}`, { cause: error });
    }
  }
  throw new UsageError(`stack ${name}: expected a deployed stack, found none of this name`);
}

function byName(
  pairs: readonly (readonly [string | undefined, string | undefined])[] = [],
): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [key, value] of pairs) if (key !== undefined) named[key] = value ?? '';
  return named;
}
