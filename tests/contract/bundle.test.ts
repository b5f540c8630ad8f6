import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction, environmentOf } from '../helper/bundle';
import { type Resource, resourcesOf, template } from './template/document';

/**
 * Bundles as `sam build` makes them, in a folder outside the checkout: what loads there does not
 * resolve through the workspace by accident. SAM itself runs in .ci/run.
 */
const HOT_PATH_BYTES_MAX = 384 * 1024;

const document = template();
const functions = resourcesOf(document, 'AWS::Serverless::Function');
/** Node 20 is fine for development and for this; Lambda runs a newer one. */
const QUIET_SDK = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
const workFolder = mkdtempSync(join(tmpdir(), 'millrace-bundle-'));
afterAll(() => rmSync(workFolder, { recursive: true, force: true }));

function bundle(name: string, resource: Resource) {
  const outdir = join(workFolder, name);
  const { metafile, warnings } = bundleFunction(resource, outdir);
  const outputs = Object.entries(metafile.outputs);
  const handler = outputs.find(([path]) => path.endsWith('/handler.js'))?.[1];
  const imports = outputs.flatMap(([, output]) => output.imports);
  return { outdir, warnings, bytes: handler?.bytes ?? 0, imports };
}

describe.each(functions)('bundle of %s', (name, resource) => {
  const built = bundle(name, resource);

  test(`is at most ${HOT_PATH_BYTES_MAX / 1024} KB`, () => {
    expect(built.bytes).toBeGreaterThan(1024);
    expect(built.bytes).toBeLessThanOrEqual(HOT_PATH_BYTES_MAX);
  });

  test('holds everything but Node itself, and builds without a warning', () => {
    const outside = built.imports.filter(
      ({ path, external }) => external && !builtinModules.includes(path.replace(/^node:/, '')),
    );
    const isChosen = ({ kind, path }: (typeof outside)[number]) =>
      kind === 'dynamic-import' && resource.Metadata.BuildProperties.External.includes(path);

    // What is left out on purpose must be imported when it is needed, or the function cannot load.
    expect(outside.filter((each) => !isChosen(each))).toEqual([]);
    expect(built.warnings.map(({ text }) => text)).toEqual([]);
  });

  test('loads with the variables of the template, and exports the handler', () => {
    const env = {
      PATH: process.env.PATH,
      AWS_REGION: 'us-east-1',
      ...QUIET_SDK,
      ...environmentOf(document, resource),
    };
    const script = `process.stdout.write(typeof require('./handler.js').handler)`;

    const node = spawnSync(process.execPath, ['-e', script], {
      cwd: built.outdir,
      env,
      encoding: 'utf8',
    });

    expect(node.stderr).toBe('');
    expect(node.stdout).toBe('function');
  });
});

test('the S3 client of the consumer waits in its own file, which Node finds by its name', () => {
  const built = bundle('StreamConsumer', document.Resources.StreamConsumer as Resource);
  const script = `
    import('./quarantine-bucket.js').then(({ openQuarantineBucket }) => {
      const store = openQuarantineBucket({ quarantineBucket: 'bucket' });
      process.stdout.write(typeof store.create);
    });`;

  const env = { PATH: process.env.PATH, AWS_REGION: 'us-east-1', ...QUIET_SDK };
  const node = spawnSync(process.execPath, ['-e', script], {
    cwd: built.outdir,
    env,
    encoding: 'utf8',
  });

  expect(readFileSync(join(built.outdir, 'handler.js'), 'utf8')).toContain(
    'import("./quarantine-bucket.js")',
  );
  expect(node.stderr).toBe('');
  expect(node.stdout).toBe('function');
});

describe('CoreLayer', () => {
  const artifacts = join(workFolder, 'layer');
  const folder = join(artifacts, 'nodejs/node_modules/@millrace/core');
  const modules = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.js'),
    );

  beforeAll(() => {
    const args = ['-s', '-C', 'layers/core', 'build-CoreLayer', `ARTIFACTS_DIR=${artifacts}`];
    execFileSync('make', args, { stdio: 'pipe' });
  }, 60_000);

  test('has one output for each module of the core', () => {
    const sources = readdirSync('layers/core/src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => path.replace(/\.ts$/, '.js'));

    expect(modules().sort()).toEqual(sources.sort());
  });

  test('imports nothing outside itself but the digests of Node', () => {
    const outside = modules().flatMap((path) =>
      [...readFileSync(join(folder, path), 'utf8').matchAll(/\b(?:require|import)\("([^"]+)"\)/g)]
        .map(([, specifier = '']) => specifier)
        .filter((specifier) => !specifier.startsWith('.'))
        .map((specifier) => `${path} imports ${specifier}`),
    );

    expect(outside).toEqual(['record/sha256.js imports node:crypto']);
  });

  test('is found as @millrace/core by a function, with one copy of each module', () => {
    const script = `
      const core = require('@millrace/core');
      const { UnavailableError } = require('@millrace/core/error');
      process.stdout.write(String(core.UnavailableError === UnavailableError && Object.keys(core).length > 10));`;
    // As Lambda does for /opt/nodejs/node_modules.
    const env = { PATH: process.env.PATH, NODE_PATH: join(artifacts, 'nodejs/node_modules') };

    const node = spawnSync(process.execPath, ['-e', script], {
      cwd: workFolder,
      env,
      encoding: 'utf8',
    });

    expect(node.stderr).toBe('');
    expect(node.stdout).toBe('true');
  });

  test('is not built with a wrong pipeline.json, and says what is wrong as the CLI does', () => {
    const pipeline = join(workFolder, 'pipeline.json');
    writeFileSync(
      pipeline,
      '{"version":1,"metrics":{"m":{"window":{"type":"tumbling","size":"1 minute"}}}}',
    );
    const args = ['-s', '-C', 'layers/core', 'build-CoreLayer', `PIPELINE=${pipeline}`];

    const make = spawnSync('make', [...args, `ARTIFACTS_DIR=${workFolder}/wrong`], {
      encoding: 'utf8',
    });

    expect(make.status).not.toBe(0);
    expect(make.stderr).toContain(
      'metrics.m.window.size: expected a duration like "1m", got "1 minute"',
    );
  }, 60_000);
});
