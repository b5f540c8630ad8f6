import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Need, needsOf, type SdkRequest } from '../policy/need';

/** Answers a request in place of the emulator; null = it is passed on. */
export type Script = (
  request: SdkRequest,
  needs: readonly Need[],
) => Promise<Scripted | null> | Scripted | null;

export interface Scripted {
  readonly status: number;
  readonly body: string;
}

export interface Recorder {
  readonly url: string;
  readonly needs: readonly Need[];
  /** What could not be understood; a test must find it empty. */
  readonly problems: readonly string[];
  script: Script;
  stop(): Promise<void>;
}

/**
 * Stands between the SDK clients of a function and an emulator, which checks no permissions, and notes
 * what IAM would have been asked. On 127.0.0.1, so no product code knows of it.
 */
export async function startRecorder(target: string): Promise<Recorder> {
  const needs: Need[] = [];
  const problems: string[] = [];
  const recorder = { needs, problems, script: (() => null) as Script };

  function understood(call: SdkRequest): Need[] {
    try {
      return needsOf(call);
    } catch (error) {
      problems.push(String(error));
      return [];
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: path = '/', headers } = request;
    const call: SdkRequest = { method, path, headers, body: Buffer.concat(chunks) };
    const needed = understood(call);
    needs.push(...needed);
    const scripted = await recorder.script(call, needed);
    if (scripted !== null) {
      response.writeHead(scripted.status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(scripted.body);
      return;
    }
    const passed = await fetch(`${target}${path}`, {
      method,
      headers: passedOn(headers),
      ...(call.body.length > 0 && { body: new Uint8Array(call.body) }),
    });
    const body = Buffer.from(await passed.arrayBuffer());
    const {
      'content-encoding': _e,
      'transfer-encoding': _t,
      ...rest
    } = Object.fromEntries(passed.headers);
    response.writeHead(passed.status, { ...rest, 'content-length': String(body.length) });
    response.end(body);
  }

  const server = createServer((request, response) => {
    // A client that did not wait for the answer, or an emulator that is away: it comes again.
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(recorder, {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** The signature is not checked; what belongs to one connection stays behind. */
function passedOn(headers: IncomingMessage['headers']): Record<string, string> {
  const own = new Set(['host', 'connection', 'content-length', 'expect', 'transfer-encoding']);
  const entries = Object.entries(headers).filter(([name]) => !own.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
