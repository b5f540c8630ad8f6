import { join } from 'node:path';

let root = process.cwd();

/** Set once, by the entry point: it alone knows where it lies. */
export function setProjectRoot(directory: string): void {
  root = directory;
}

/** A file of this project (`template.yaml`), from whatever directory the user stands in. */
export function projectFile(...parts: readonly string[]): string {
  return join(root, ...parts);
}
