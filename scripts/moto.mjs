// Starts moto's server, the emulated Timestream of the tests, from a virtual environment it makes
// itself. Alone it prints the URL and runs until it is stopped: node scripts/moto.mjs
import { PYTHON_OUTLIVED_BY_PARENT, pythonWith, runAlone, startEmulator } from './emulator.mjs';

const VERSION = '5.2.5';

/**
 * Installs when needed and starts. Answers the URL and `stop`, which resolves when the process is gone.
 * Throws `CannotRun` with the reason when the machine lacks Python or the package index.
 */
export async function startMoto({ log = console.error } = {}) {
  const python = pythonWith({
    ...{ name: 'moto', folder: '.venv-moto', log },
    ...{ requirement: 'moto[server]', version: VERSION },
  });
  return startEmulator({
    name: 'moto',
    command: (port) => [python, '-c', MAIN, '-H', '127.0.0.1', '-p', String(port)],
    healthPath: '/moto-api/data.json',
  });
}

const MAIN = `${PYTHON_OUTLIVED_BY_PARENT}
from moto.server import main
main(sys.argv[1:])
`;

await runAlone(import.meta.url, 'moto', startMoto);
