/**
 * Adds to package-lock.json the platform packages that npm left out of it, and the integrity hashes it
 * left out. npm drops an optional dependency from the lock when the registry in use does not serve it,
 * and then `npm ci` refuses the lock everywhere, and other platforms get no binary. Only exact pins are
 * added: version from the parent, platform from the name, hash from the registry. An entry without a
 * hash would be installed whatever it holds. Run it after `npm install`; `--check` only tells (exit
 * code 1), with `--file LOCK` of another file.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

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

const { values: options } = parseArgs({
  options: { check: { type: 'boolean', default: false }, file: { type: 'string' } },
});
const file = options.file ?? fileURLToPath(new URL('../package-lock.json', import.meta.url));
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

const names = Object.keys(added);
const packages = { ...lock.packages, ...added };
const unhashed = Object.keys(packages).filter(needsHash);
if (options.check) {
  complain('platform packages', names);
  complain('integrity hashes of', unhashed);
  process.exit(names.length + unhashed.length > 0 ? 1 : 0);
}
for (const path of unhashed) {
  // In npm's order, so that its next run changes nothing.
  const { version, ...rest } = packages[path];
  packages[path] = { version, integrity: hashOf(path), ...rest };
}
if (names.length + unhashed.length > 0) {
  const { '': project, ...others } = packages;
  const sorted = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = { '': project, ...Object.fromEntries(sorted) };
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
process.stdout.write(
  `package-lock.json: ${names.length} platform packages and ${unhashed.length} hashes added.\n`,
);

function complain(what, paths) {
  if (paths.length === 0) return;
  process.stderr.write(`package-lock.json lacks ${paths.length} ${what}: ${paths.join(', ')}\n`);
}

/** Everything that is downloaded: not the project itself, its workspaces and the links to them. */
function needsHash(path) {
  const { link, integrity } = packages[path];
  return path.includes('node_modules/') && !link && !/^sha512-/.test(integrity ?? '');
}

/** As the registry in use gives it; npm compares it with what it downloads later. */
function hashOf(path) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const wanted = `${name}@${packages[path].version}`;
  const hash = execFileSync('npm', ['view', wanted, 'dist.integrity'], { encoding: 'utf8' }).trim();
  if (hash.startsWith('sha512-')) return hash;
  process.stderr.write(`${path}: the registry has no hash for ${wanted}\n`);
  process.exit(1);
}

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
