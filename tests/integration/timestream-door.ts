import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A record of WriteRecords with the common attributes of its request put into it. */
export interface WrittenRow {
  readonly database: string;
  readonly table: string;
  readonly measureName: string;
  readonly timeMs: number;
  readonly version: number;
  readonly dimensions: Readonly<Record<string, string>>;
  /** As on the wire, `TYPE value`. */
  readonly measures: Readonly<Record<string, string>>;
}

export interface TimestreamDoor {
  readonly port: number;
  /** What went through since the last call. */
  takeRows(): readonly WrittenRow[];
  close(): Promise<void>;
}

/**
 * Passes requests on to an emulated Timestream, which listens on the loopback only, from an address
 * that containers reach, and keeps the rows that were accepted: moto forgets common attributes.
 */
export async function openTimestreamDoor(address: string, target: string): Promise<TimestreamDoor> {
  const rows: WrittenRow[] = [];
  const server = createServer((request, response) => {
    pass(request, target).then(
      ({ status, type, body, written }) => {
        rows.push(...written);
        response.writeHead(status, { 'content-type': type }).end(body);
      },
      (error: Error) => response.writeHead(502).end(error.message),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    takeRows: () => rows.splice(0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(request: IncomingMessage, target: string) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks);
  const headers: Record<string, string> = {};
  for (const name of ['content-type', 'x-amz-target', 'authorization', 'x-amz-date']) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const answer = await fetch(`${target}${request.url}`, { method: 'POST', headers, body: text });
  const isWrite = headers['x-amz-target'] === 'Timestream_20181101.WriteRecords';
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? 'application/x-amz-json-1.0',
    body: Buffer.from(await answer.arrayBuffer()),
    written: isWrite && answer.ok ? rowsOf(JSON.parse(text.toString())) : [],
  };
}

interface WireRecord {
  readonly Dimensions?: readonly { Name: string; Value: string }[];
  readonly MeasureName?: string;
  readonly MeasureValues?: readonly { Name: string; Type: string; Value: string }[];
  readonly Time?: string;
  readonly Version?: number;
}

interface WriteRecords {
  readonly DatabaseName: string;
  readonly TableName: string;
  readonly CommonAttributes?: WireRecord;
  readonly Records: readonly WireRecord[];
}

function rowsOf({ DatabaseName, TableName, CommonAttributes = {}, Records }: WriteRecords) {
  return Records.map((record): WrittenRow => {
    const all = { ...CommonAttributes, ...record };
    const dimensions = [...(CommonAttributes.Dimensions ?? []), ...(record.Dimensions ?? [])];
    return {
      ...{ database: DatabaseName, table: TableName, measureName: all.MeasureName ?? '' },
      ...{ timeMs: Number(all.Time), version: all.Version ?? 1 },
      dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
      measures: Object.fromEntries(
        (all.MeasureValues ?? []).map(({ Name, Type, Value }) => [Name, `${Type} ${Value}`]),
      ),
    };
  });
}
