/**
 * Adds to package-lock.json the platform packages that npm left out of it. npm drops an optional
 * dependency from the lock when the registry in use does not serve it, and then `npm ci` refuses the
 * lock everywhere, and other platforms get no binary. Only exact pins are added: version from the
 * parent, platform from the name. Run it after `npm install`; `--check` only tells (exit code 1).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const CPU = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = {};
for (const [path, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue;
    const platform = platformOf(name);
    if (!platform || !/^\d+\.\d+\.\d+/.test(version)) {
      process.stderr.write(`${path}: cannot complete ${name}@${version}\n`);
      process.exit(1);
    }
    const dev = parent.dev ? { dev: true } : {};
    added[`node_modules/${name}`] = {
      version,
      ...platform.cpu,
      ...dev,
      ...platform.libc,
      optional: true,
      ...platform.os,
    };
  }
}

const count = Object.keys(added).length;
if (count > 0 && process.argv.includes('--check')) {
  process.stderr.write(
    `package-lock.json lacks ${count} platform packages: ${Object.keys(added).join(', ')}\n`,
  );
  process.exit(1);
}
if (count > 0) {
  const { '': project, ...others } = { ...lock.packages, ...added };
  const sorted = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = { '': project, ...Object.fromEntries(sorted) };
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
process.stdout.write(`package-lock.json: ${count} platform packages added.\n`);

/** As Node resolves: in the dependent's own node_modules, then in those above it. */
function isLocked(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true;
    if (!at.includes('/node_modules/'))
      return at !== '' && Boolean(lock.packages[`node_modules/${name}`]);
  }
}

/** Platform packages end in `<os>-<cpu>[-<abi>]`, whoever publishes them. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const at = words.findIndex((word, i) => OS.includes(word) && CPU.includes(words[i + 1]));
  if (at < 0) return null;
  const abi = words[at + 2] ?? '';
  const libc =
    words[at] !== 'linux'
      ? null
      : abi.startsWith('musl')
        ? 'musl'
        : abi.startsWith('gnu')
          ? 'glibc'
          : null;
  return {
    os: { os: [words[at]] },
    cpu: { cpu: [words[at + 1]] },
    libc: libc ? { libc: [libc] } : {},
  };
}
