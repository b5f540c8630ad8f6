import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What pages point at: other pages and their headings, files of this repository, npm scripts. */
const pages = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].sort();

const folders = readdirSync('.', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
  .map(({ name }) => name);

const scripts: Readonly<Record<string, string>> = JSON.parse(
  readFileSync('package.json', 'utf8'),
).scripts;

const textOf = (page: string) => readFileSync(page, 'utf8');
const withoutFences = (text: string) => text.replace(/^( *)```[\s\S]*?^\1```$/gm, '');
const matches = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map(([, found = '']) => found))].sort();

/** Targets of links that lie in this repository. */
function linksOf(page: string): string[] {
  return matches(withoutFences(textOf(page)), /\]\(([^)\s]+)\)/g).filter(
    (target) => !/^[a-z]+:/.test(target),
  );
}

/** The anchors a heading gets where the pages are shown: lower case, no punctuation, dashes for spaces. */
function anchorsOf(page: string): string[] {
  return matches(withoutFences(textOf(page)), /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Paths that begin with a folder of the repository, and sources in code marks wherever they seem to lie. */
function pathsOf(text: string): string[] {
  const rooted = new RegExp(`(?<![\\w./-])((?:${folders.join('|')})/[\\w./*-]*)`, 'g');
  const found = [
    ...matches(text, rooted),
    ...matches(text, /`([\w.*-]+\/[\w./*-]+\.(?:ts|mjs|md))`/g),
  ];
  return [...new Set(found.map((path) => path.replace(/[.,]+$/, '')))];
}

/** Of the file name `*` stands for any text; from the root, or from the folder of the page. */
function isThere(path: string, page: string): boolean {
  if (!path.includes('*')) return existsSync(path) || existsSync(join(dirname(page), path));
  const like = basename(path).replaceAll('.', '\\.').replaceAll('*', '.*');
  return readdirSync(dirname(path)).some((name) => new RegExp(`^${like}$`).test(name));
}

describe.each(pages)('%s', (page) => {
  test('links to files and headings that are there', () => {
    const dead = linksOf(page).filter((target) => {
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      if (!existsSync(path)) return true;
      return anchor !== undefined && !anchorsOf(path).includes(anchor);
    });

    expect(dead).toEqual([]);
  });

  test('names paths that are there', () => {
    expect(pathsOf(textOf(page)).filter((path) => !isThere(path, page))).toEqual([]);
  });

  test('names npm scripts that are there', () => {
    const named = matches(textOf(page), /\bnpm run (?:--?[\w=]+ )*([a-z][\w:-]*)/g);

    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

test('the pages link, and name paths and scripts', () => {
  expect(pages.flatMap(linksOf).length).toBeGreaterThan(20);
  expect(pages.flatMap((page) => pathsOf(textOf(page))).length).toBeGreaterThan(50);
});
