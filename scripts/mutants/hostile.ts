/** What protects the person at the command line from the data and from folders of others. */
import type { Mutant } from './mutant';

export const HOSTILE_MUTANTS: readonly Mutant[] = [
  {
    name: 'format characters pass to the terminal',
    rule: 'terminal',
    test: 'tests/unit/cli/hostile-terminal.test.ts',
    patches: [
      {
        file: 'layers/core/src/text/printable.ts',
        find: '\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Default_Ignorable_Code_Point}',
        put: '',
      },
    ],
  },
  {
    name: 'JSON on stdout as JSON leaves it',
    rule: 'terminal',
    test: 'tests/unit/cli/hostile-terminal.test.ts',
    patches: [
      {
        file: 'cli/src/output.ts',
        find: "exactJson(document, 2).split('\\n').map(printable).join('\\n')",
        put: 'exactJson(document, 2)',
      },
    ],
  },
  {
    name: 'an unfinished file is written through a link',
    rule: 'links',
    test: 'tests/unit/cli/links.test.ts',
    patches: [
      {
        file: 'cli/src/files/link.ts',
        find: 'if (entry.isSymbolicLink()) throw isLink(path);',
        put: "if (entry.isSymbolicLink()) return 'device';",
      },
    ],
  },
  {
    name: 'a report reads through a link',
    rule: 'links',
    test: 'tests/unit/cli/links.test.ts',
    patches: [{ file: 'cli/src/report/read-folder.ts', find: '  kindOf(path);\n', put: '' }],
  },
  {
    name: 'a run in which most is refused looks fine',
    rule: 'told',
    test: 'tests/unit/cli/replay/main-reasons.test.ts',
    patches: [
      {
        file: 'cli/src/replay/main-reasons.ts',
        find: 'const REFUSED_SHARE_TOLD = 0.5;',
        put: 'const REFUSED_SHARE_TOLD = 1.5;',
      },
    ],
  },
  {
    name: 'code from beside a pipeline file runs unasked',
    rule: 'code',
    test: 'tests/unit/cli/bin.test.ts',
    patches: [
      {
        file: 'cli/src/load-pipeline.ts',
        find: 'await findTransforms(options.transforms ?? null);',
        put: 'await findTransforms(\n    options.transforms ?? (existsSync(besideOf(path)) ? besideOf(path) : null),\n  );',
      },
    ],
  },
  {
    name: 'a path of --redact that no record has goes unnoticed',
    rule: 'redaction',
    test: 'tests/unit/cli/record/record-stream.test.ts',
    patches: [
      {
        file: 'cli/src/record/record-stream.ts',
        find: 'return paths.filter((path) => !this.#found.has(path));',
        put: 'return paths.filter((path) => !this.#found.has(path) && path === null);',
      },
    ],
  },
  {
    name: 'a store is dropped before the next run has finished',
    rule: 'interrupt',
    test: 'tests/unit/cli/interrupt.test.ts',
    patches: [
      {
        file: 'cli/src/local-store.ts',
        find: 'await mkdir(join(folder, data));',
        put: 'await mkdir(join(folder, data));\n  if (used !== "") await rm(join(folder, used), { recursive: true });',
      },
    ],
  },
  {
    name: 'the first Ctrl-C only removes the bar',
    rule: 'interrupt',
    test: 'tests/unit/cli/interrupt.test.ts',
    patches: [
      {
        file: 'cli/src/progress.ts',
        find: 'const ended = beforeEnd(() => bar.stop());',
        put: 'const ended = () => {};',
      },
    ],
  },
  {
    name: 'a recording of any size is held in memory',
    rule: 'memory',
    test: 'tests/unit/cli/recording/held-bytes.test.ts',
    patches: [
      {
        file: 'cli/src/recording/held-bytes.ts',
        find: 'if (this.#bytes <= this.#bytesMax) return;',
        put: 'if (this.#bytes > 0) return;',
      },
    ],
  },
  {
    name: 'one hanging transform takes the time of all records behind it',
    rule: 'transform',
    test: 'tests/unit/functions/stream-consumer/hanging-transform.test.ts',
    patches: [
      {
        file: 'functions/stream-consumer/group-batch.ts',
        find: '    this.#time?.begin();\n',
        put: '',
      },
    ],
  },
  {
    name: 'records that there was no time to read are acknowledged',
    rule: 'transform',
    test: 'tests/unit/functions/stream-consumer/hanging-transform.test.ts',
    patches: [
      {
        file: 'functions/stream-consumer/group-batch.ts',
        find: '      batch.cutAt = index;\n',
        put: '',
      },
    ],
  },
];
