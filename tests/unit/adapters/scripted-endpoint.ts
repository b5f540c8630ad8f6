import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface EndpointRequest {
  readonly method: string;
  readonly path: string;
  /** The operation of a JSON protocol: `DynamoDB_20120810.PutItem` is `PutItem`. */
  readonly operation: string | undefined;
  /** Parsed when it is JSON. */
  readonly body: unknown;
}

export type Reply =
  | { readonly status: number; readonly body?: object | string }
  /** Takes the request and never answers. */
  | 'silence'
  /** Closes the connection instead of an answer. */
  | 'reset';

/** A service on this machine that answers as told: the failures no emulator can be asked for. */
export async function startEndpoint(answer: (request: EndpointRequest, nth: number) => Reply) {
  const requests: EndpointRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await read(incoming);
    requests.push(request);
    const reply = answer(request, requests.length);
    if (reply === 'silence') return;
    if (reply === 'reset') {
      incoming.socket.destroy();
      return;
    }
    const { status, body = '' } = reply;
    outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port where nobody listens. */
export async function closedPortUrl(): Promise<string> {
  const endpoint = await startEndpoint(() => 'silence');
  await endpoint.close();
  return endpoint.url;
}

/** An error in the words of the JSON protocols. */
export function refusal(status: number, type: string): Reply {
  return { status, body: { __type: `com.amazonaws#${type}`, message: `scripted ${type}` } };
}

async function read(incoming: IncomingMessage): Promise<EndpointRequest> {
  const body = await text(incoming);
  const target = incoming.headers['x-amz-target'];
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    operation: typeof target === 'string' ? target.split('.')[1] : undefined,
    body: target === undefined ? body : JSON.parse(body),
  };
}
