import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './charts.ts';
import { groups } from './groups.ts';
import { merge, unlike, verdict } from './merge.ts';
import type { RunResult } from './results.ts';

const folder = join(import.meta.dirname, 'results');

/** Runs that `docs/benchmarks.md` shows; the only ones that are kept in the repository. */
const published = join(folder, 'published');

/** Writes a run and its charts. @returns the file of the run */
export function writeRun(result: RunResult): string {
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify(result, null, 2)}\n`;
  const file = join(folder, `${result.date.slice(0, 19).replaceAll(':', '')}.json`);
  for (const name of [file, join(folder, 'latest.json')]) writeFileSync(name, text);
  const rows = merge([result]);
  for (const { name, title } of groups) {
    const svg = chart(
      title,
      rows.filter(({ row }) => row.group === name),
    );
    if (svg !== null) writeFileSync(join(folder, `latest-${name}.svg`), svg);
  }
  return file;
}

/** @throws Error where a file is no run */
function readRun(file: string): RunResult {
  const result = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunResult>;
  if (!Array.isArray(result.rows) || result.machine === undefined)
    throw new Error(`${file} is no result of a run`);
  return result as RunResult;
}

interface Verdict {
  readonly text: string;
  readonly holds: boolean;
}

/** One verdict over the runs in these files. */
export function mergeFiles(files: readonly string[]): Verdict {
  if (files.length === 0) return { text: 'Name the files of the runs.', holds: false };
  return verdictOf(files.map(readRun));
}

export function verdictOf(runs: readonly RunResult[]): Verdict {
  const { text, holds } = verdict(runs);
  const warnings = unlike(runs).map((why) => `not alike: ${why}`);
  return { text: [text, ...warnings].join('\n'), holds: holds && warnings.length === 0 };
}

/** Puts these runs in the place of those that the page shows. */
export function publish(files: readonly string[]): Verdict {
  const found = mergeFiles(files);
  if (files.length === 0) return found;
  rmSync(published, { recursive: true, force: true });
  mkdirSync(published, { recursive: true });
  for (const [index, file] of files.entries()) copyFileSync(file, join(published, `run-${index + 1}.json`));
  return found;
}

/** The runs that the page shows. */
export function publishedRuns(): RunResult[] {
  return publishedFiles().map((name) => readRun(join(published, name)));
}

const publishedFiles = (): string[] =>
  readdirSync(published)
    .filter((name) => name.endsWith('.json'))
    .toSorted();
