// Starts MiniStack, the emulated AWS of the contract and deployment tests, from a virtual environment it
// makes itself. Alone it prints the URL and runs until it is stopped: node scripts/ministack.mjs
import { PYTHON_OUTLIVED_BY_PARENT, pythonWith, runAlone, startEmulator } from './emulator.mjs';

const VERSION = '1.5.33';

/**
 * Installs when needed and starts; `env` is added to its environment. Answers the URL and `stop`, which
 * resolves when the process is gone.
 * Throws `CannotRun` with the reason when the machine lacks Python or the package index.
 */
export async function startMiniStack({ log = console.error, env = {} } = {}) {
  const python = pythonWith({
    ...{ name: 'MiniStack', folder: '.venv-ministack', log },
    ...{ requirement: 'ministack[full]', version: VERSION },
  });
  return startEmulator({
    name: 'MiniStack',
    command: () => [python, '-c', MAIN],
    env: (port) => ({
      ...env,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      LAMBDA_EXECUTOR: 'local',
      LAMBDA_ACCOUNT_CONCURRENCY: '16',
      IOT_MTLS_ENABLED: '0',
      LOG_LEVEL: 'WARNING',
    }),
    healthPath: '/_ministack/health',
  });
}

const MAIN = `${PYTHON_OUTLIVED_BY_PARENT}
import runpy
sys.argv = ["ministack"]
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
`;

await runAlone(import.meta.url, 'MiniStack', startMiniStack);
