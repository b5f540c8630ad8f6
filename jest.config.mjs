const endpoint = process.env.MILLRACE_ENDPOINT;
if (!endpoint) {
  process.stderr.write(
    'Not run here: *.aws.test.ts, which need an emulated AWS (npm run test:contract starts one).\n',
  );
}

export default {
  testEnvironment: 'node',
  // The default leaves a core to nobody.
  maxWorkers: '100%',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...(endpoint ? [] : ['\\.aws\\.test\\.ts$']),
    // A minute of CPU time: npm run test:faults runs it beside its seeds.
    ...(process.env.MILLRACE_FLOOD ? [] : ['/tests/faults/flood\\.test\\.ts$']),
    // npm run test:contract starts moto, an emulated Timestream, for these.
    ...(process.env.MILLRACE_MOTO_ENDPOINT ? [] : ['\\.moto\\.test\\.ts$']),
    // And kinesalite, an emulated Kinesis that splits and merges shards, for these.
    ...(process.env.MILLRACE_KINESALITE_ENDPOINT ? [] : ['\\.kinesalite\\.test\\.ts$']),
  ],
  transform: {
    '^.+\\.(ts|mts)$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  // Workspace packages export TypeScript source through symlinks whose real path is in the tree.
  transformIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/.aws-sam', '<rootDir>/.millrace'],
};
