import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KinesisDoor {
  readonly url: string;
  /** Shards in the order of the GetRecords calls for them. */
  readonly reads: readonly string[];
  /** Calls so far. */
  count(operation: string): number;
  /** Leaves the next GetRecords for this shard without an answer; resolves when it is there. */
  holdReadOf(shard: string): Promise<void>;
  close(): Promise<void>;
}

interface Shard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly AdjacentParentShardId?: string;
  readonly HashKeyRange: unknown;
}

interface Arrival {
  readonly ApproximateArrivalTimestamp: number;
}

interface Call {
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: the fields of many operations.
  readonly input: any;
  readonly headers: Record<string, string>;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const KNOWN_HEADERS = ['content-type', 'x-amz-target', 'authorization', 'x-amz-date'];
/**
 * Stands before kinesalite and makes up for what it does not do as AWS documents it:
 * - GetRecords names the children of a closed shard at its end (`namesChildren: false`: not here).
 * - GetShardIterator AT_TIMESTAMP behind the last record of a shard answers its end, and not never.
 * All else goes through as it is.
 */
export async function openKinesisDoor(
  target: string,
  { namesChildren = true }: { readonly namesChildren?: boolean } = {},
): Promise<KinesisDoor> {
  const reads: string[] = [];
  const counts = new Map<string, number>();
  const held = new Map<string, () => void>();
  /** What an iterator leads to: it does not say so itself. */
  const iterators = new Map<string, { readonly stream: string; readonly shard: string }>();

  async function ask({ operation, input, headers }: Call): Promise<Answer> {
    const answer = await fetch(target, {
      ...{ method: 'POST', body: JSON.stringify(input) },
      headers: { ...headers, 'x-amz-target': `Kinesis_20131202.${operation}` },
    });
    return { status: answer.status, text: await answer.text() };
  }

  /** Of one page, which holds more than the tests put. */
  async function lastArrival(call: Call): Promise<number> {
    const { StreamName, ShardId } = call.input;
    const input = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    const { ShardIterator } = JSON.parse((await ask({ ...call, input })).text);
    const page = await ask({ ...call, operation: 'GetRecords', input: { ShardIterator } });
    const { Records } = JSON.parse(page.text) as { Records: Arrival[] };
    return Records.at(-1)?.ApproximateArrivalTimestamp ?? 0;
  }

  async function iterator(call: Call): Promise<Answer> {
    const { StreamName: stream, ShardId: shard, ShardIteratorType, Timestamp } = call.input;
    const isBehindAll =
      ShardIteratorType === 'AT_TIMESTAMP' && (await lastArrival(call)) < Timestamp;
    const end = { StreamName: stream, ShardId: shard, ShardIteratorType: 'LATEST' };
    const answer = await ask(isBehindAll ? { ...call, input: end } : call);
    const { ShardIterator } = JSON.parse(answer.text);
    if (ShardIterator !== undefined) iterators.set(ShardIterator, { stream, shard });
    return answer;
  }

  async function childrenOf(call: Call, stream: string, shard: string) {
    const listed = await ask({ ...call, operation: 'ListShards', input: { StreamName: stream } });
    const { Shards } = JSON.parse(listed.text) as { Shards: readonly Shard[] };
    const parentsOf = ({ ParentShardId, AdjacentParentShardId }: Shard) =>
      [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined);
    return Shards.filter((each) => parentsOf(each).includes(shard)).map((each) => ({
      ShardId: each.ShardId,
      ParentShards: parentsOf(each),
      HashKeyRange: each.HashKeyRange,
    }));
  }

  async function records(call: Call): Promise<Answer> {
    const at = iterators.get(call.input.ShardIterator);
    if (at === undefined) throw new Error('an iterator that the door did not see');
    reads.push(at.shard);
    const answer = await ask(call);
    const page = JSON.parse(answer.text);
    if (page.NextShardIterator) iterators.set(page.NextShardIterator, at);
    const isEnd = answer.status === 200 && !page.NextShardIterator;
    if (!isEnd || !namesChildren) return answer;
    const ChildShards = await childrenOf(call, at.stream, at.shard);
    return { ...answer, text: JSON.stringify({ ...page, ChildShards }) };
  }

  async function answerTo(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await callOf(request);
    counts.set(call.operation, (counts.get(call.operation) ?? 0) + 1);
    if (call.operation === 'GetRecords') {
      const shard = iterators.get(call.input.ShardIterator)?.shard ?? '';
      const tell = held.get(shard);
      if (tell !== undefined) {
        held.delete(shard);
        tell();
        return;
      }
    }
    const special = { GetRecords: records, GetShardIterator: iterator }[call.operation];
    const { status, text } = await (special ?? ask)(call);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(text);
  }

  const server = createServer((request, response) => {
    answerTo(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reads,
    count: (operation) => counts.get(operation) ?? 0,
    holdReadOf: (shard) => new Promise((resolve) => void held.set(shard, resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function callOf(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers: Record<string, string> = {};
  for (const name of KNOWN_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const [, operation = ''] = (headers['x-amz-target'] ?? '').split('.');
  return { operation, input: JSON.parse(Buffer.concat(chunks).toString()), headers };
}
