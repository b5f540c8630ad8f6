/** Takes a protection out of the text of the files that carry it. */
import type { Mutant } from './mutant';

/** The changed text of each file, by its path. Throws when a text to find does not stand exactly once. */
export function patched(
  { name, patches }: Mutant,
  read: (file: string) => string,
): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { file, find, put } of patches) {
    const text = texts.get(file) ?? read(file);
    const found = text.split(find).length - 1;
    if (found !== 1) throw new Error(`mutant "${name}": found ${found} times in ${file}: ${find}`);
    texts.set(
      file,
      text.replace(find, () => put),
    );
  }
  return texts;
}
