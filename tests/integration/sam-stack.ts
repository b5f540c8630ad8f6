import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { readStackOutputs } from '@millrace/cli/env/stack-outputs';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const SAM_MS_MAX = 180_000;

/** The SAM CLI as `npm run build` runs it, with the repository's samconfig.toml, against an emulator. */
export async function sam(endpoint: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, AWS_ENDPOINT_URL: endpoint, SAM_CLI_TELEMETRY: '0' };
  try {
    const options = { env, maxBuffer: OUTPUT_BYTES_MAX, timeout: SAM_MS_MAX };
    return (await run(process.execPath, ['scripts/sam.mjs', ...args], options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`sam ${args[0]} failed\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
  }
}

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

export interface DeployedStack {
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: readonly StackResource[];
  /** Physical id, such as a function's name. */
  idOf(logicalId: string): string;
}

export async function describeStack(endpoint: string, stack: string): Promise<DeployedStack> {
  const client = new CloudFormationClient({ endpoint });
  const resources: StackResource[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: stack })) {
    for (const summary of page.StackResourceSummaries ?? []) {
      resources.push({
        logicalId: summary.LogicalResourceId ?? '',
        physicalId: summary.PhysicalResourceId ?? '',
        type: summary.ResourceType ?? '',
      });
    }
  }
  const outputs = await readStackOutputs(stack, { endpointUrl: endpoint });
  return {
    outputs,
    resources,
    idOf(logicalId) {
      const found = resources.find((resource) => resource.logicalId === logicalId);
      if (found === undefined) throw new Error(`the stack has no ${logicalId}`);
      return found.physicalId;
    },
  };
}
