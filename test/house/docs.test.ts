/** Documentation and repository, compared both ways. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { filesBelow, repositoryRoot } from '../support/repository.ts';

const read = (name: string) => readFileSync(path.join(repositoryRoot, name), 'utf8');

const pages = [
  ...readdirSync(repositoryRoot).filter((name) => name.endsWith('.md')),
  ...filesBelow('docs').filter((name) => name.endsWith('.md')),
];

/** Markdown without fenced blocks: what is inside them is an example, not a link or a heading. */
const prose = (text: string) => text.replaceAll(/^(`{3,})[\s\S]*?^\1\s*$/gm, '');

/** The anchor a heading gets on the usual code hosts. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

const anchorsOf = (name: string) =>
  new Set([...prose(read(name)).matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => anchorOf(match[1]!)));

test('every relative link leads somewhere', () => {
  const broken = pages.flatMap((page) =>
    [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g)]
      .map((match) => match[1] ?? match[2]!)
      .filter((target) => !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(target))
      .filter((target) => {
        const [file, anchor] = target.split('#', 2) as [string, string | undefined];
        const name = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
        if (!existsSync(path.join(repositoryRoot, name))) return true;
        return anchor !== undefined && name.endsWith('.md') && !anchorsOf(name).has(anchor);
      })
      .map((target) => `${page}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('every npm script a page names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const unknown = pages.flatMap((page) =>
    [...read(page).matchAll(/\bnpm (?:run )?(?<name>start|test|run)\b(?: (?<script>[\w:-]+))?/g)]
      .map((match) =>
        match[0].startsWith('npm run') ? /npm run ([\w:-]+)/.exec(match[0])?.[1] : match.groups?.['name'],
      )
      .filter((name) => name !== undefined && name !== 'run' && scripts[name] === undefined)
      .map((name) => `${page}: ${name}`),
  );
  assert.deepEqual(unknown, []);
});

test('CONTRIBUTING lists every folder of src, and no other', () => {
  const table = prose(read('CONTRIBUTING.md'));
  const listed = [...table.matchAll(/^\| `src\/([a-z-]+)\/` \|/gm)].map((match) => match[1]!);
  const present = readdirSync(path.join(repositoryRoot, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && filesBelow(`src/${entry.name}`).length > 0)
    .map((entry) => entry.name);
  assert.deepEqual(listed.toSorted(), present.toSorted());
});

test('decision records are numbered without gaps and say what would change our mind', () => {
  const records = filesBelow('docs/adr').filter((name) => /\/\d{4}-/.test(name));
  assert.deepEqual(
    records.map((name) => Number(path.basename(name).slice(0, 4))),
    records.map((_, index) => index),
  );
  for (const name of records) {
    const headings = [...read(name).matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    assert.deepEqual(headings, ['Context', 'Decision', 'Consequences', 'What would change our mind'], name);
  }
});
