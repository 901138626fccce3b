import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type { Generated } from '../gen.ts';
import { examplesFolder, type OptionExample, optionExamples, sampleExamples } from '../imgproxy-examples.ts';
import { code } from '../reference-cells.ts';

const page = 'docs/dialects/imgproxy.md';
const [start, end] = [
  '<!-- Pictures: written by `npm run gen`, from scripts/imgproxy-examples.ts and what scripts/option-pictures.ts kept. -->',
  '<!-- End of the pictures. -->',
];
const columns = 3;

/** The pictures of docs/dialects/imgproxy.md, in a grid between its two markers. */
export async function generate(root: string): Promise<Generated> {
  const text = readFileSync(path.join(root, page), 'utf8');
  const [before, rest] = split(text, start);
  const [, after] = split(rest, end);
  const samples = await grid(root, sampleExamples);
  const options = await grid(root, optionExamples);
  return { [page]: `${before}${start}\n\n${samples}\n\n${options}\n\n${end}${after}` };
}

function split(text: string, marker: string): [string, string] {
  const at = text.indexOf(marker);
  if (at === -1) throw new Error(`${page} has lost its marker: ${marker}`);
  return [text.slice(0, at), text.slice(at + marker.length)];
}

async function grid(root: string, examples: readonly OptionExample[]): Promise<string> {
  const cells = await Promise.all(examples.map((example) => cell(root, example)));
  const rows = Array.from({ length: Math.ceil(cells.length / columns) }, (_, row) =>
    Array.from({ length: columns }, (_, column) => cells[row * columns + column] ?? ''),
  );
  const lines = [Array.from({ length: columns }, () => ''), rows[0]!.map(() => '---'), ...rows];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

async function cell(root: string, { option, options, source, shows }: OptionExample): Promise<string> {
  const file = readdirSync(path.join(root, examplesFolder)).find((name) => path.parse(name).name === option);
  if (file === undefined) throw new Error(`no picture of ${option}: run scripts/option-pictures.ts`);
  const picture = readFileSync(path.join(root, examplesFolder, file));
  const { width, height } = await sharp(picture).metadata();
  const facts = `${path.basename(source)}, ${width}×${height} ${path.extname(file).slice(1)}, ${picture.length} bytes`;
  return `![${shows}](../images/imgproxy/${file})<br>**${option}**: ${shows}<br>${code(options)}<br>${facts}`;
}
