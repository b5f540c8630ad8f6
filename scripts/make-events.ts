/** `npm run events`: writes the sample events of events/, the same bytes every time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sampleFiles } from './sample-events/sample-files';

const root = process.cwd();
const files = sampleFiles();
for (const { path, text } of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
process.stdout.write(`${files.length} files written.\n`);
