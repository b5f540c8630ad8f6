// npm run test:sam-local: `sam local invoke` of every function with every sample event, in Lambda's image,
// beside the tables of MiniStack and the Timestream of moto. Needs Python 3.10 or newer, a container
// engine and the image.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { CannotRun } from './cannot-run.mjs';
import { counted, jest, requireSam } from './integration.mjs';
import { startMiniStack } from './ministack.mjs';
import { startMoto } from './moto.mjs';

const IMAGE = `public.ecr.aws/lambda/nodejs:24-${process.arch === 'arm64' ? 'arm64' : 'x86_64'}`;
const PULL_MS_MAX = 300_000;

process.exitCode = await counted('npm run test:sam-local', async () => {
  requireEngine();
  requireImage();
  requireSam();
  const bridge = bridgeAddress();
  const emulator = await startMiniStack();
  try {
    const moto = await startMoto();
    try {
      return await runBeside({ emulator, moto, bridge });
    } finally {
      await moto.stop();
    }
  } finally {
    await emulator.stop();
  }
});

async function runBeside({ emulator, moto, bridge }) {
  // It listens on the loopback only, which a container has one of its own of.
  const door = await forward(bridge, Number(new URL(emulator.url).port));
  try {
    return await jest('tests/integration/sam-local.aws.test.ts', {
      args: process.argv.slice(2),
      env: {
        MILLRACE_ENDPOINT: emulator.url,
        // The test has a door of its own to this one.
        MILLRACE_MOTO_ENDPOINT: moto.url,
        MILLRACE_BRIDGE: bridge,
        MILLRACE_BRIDGE_PORT: String(door.address().port),
      },
    });
  } finally {
    door.close();
  }
}

function requireEngine() {
  if (docker(['info']).status !== 0) {
    throw new CannotRun('it needs a running container engine (docker)');
  }
}

/** Where a container finds this machine: its gateway, in hexadecimal from the last byte on. */
function bridgeAddress() {
  const { stdout } = docker(['run', '--rm', '--entrypoint', 'cat', IMAGE, '/proc/net/route']);
  const gateway = /^\S+\t0{8}\t([0-9A-F]{8})/m.exec(stdout)?.[1];
  if (gateway === undefined) throw new CannotRun('containers have no network here');
  return Buffer.from(gateway, 'hex').reverse().join('.');
}

function requireImage() {
  if (docker(['image', 'inspect', IMAGE]).status === 0) return;
  console.error(`pulling ${IMAGE} (once)`);
  if (docker(['pull', '--quiet', IMAGE], PULL_MS_MAX).status === 0) return;
  throw new CannotRun(`the image ${IMAGE} is not there and cannot be pulled`);
}

function docker(args, timeout = 30_000) {
  return spawnSync('docker', args, { encoding: 'utf8', timeout });
}

/** Passes connections on from one address of this machine to a port of its loopback. */
async function forward(address, port) {
  const server = createServer((inside) => {
    const outside = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [inside, outside],
      [outside, inside],
    ]) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, address);
  await once(server, 'listening').catch((error) => {
    throw new CannotRun(`the engine's bridge ${address} is not of this machine: ${error.message}`);
  });
  return server;
}
