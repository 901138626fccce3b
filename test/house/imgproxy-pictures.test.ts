/** The pictures of docs/dialects/imgproxy.md: one for every option, from a URL that means what it says. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import {
  exampleEnvironment,
  examplesFolder,
  optionExamples,
  sampleExamples,
  targetOfExample,
} from '../../scripts/imgproxy-examples.ts';
import { imgproxy } from '../../src/dialects/imgproxy/dialect.ts';
import { imgproxySettings } from '../../src/dialects/imgproxy/settings.ts';
import { v4Options } from '../../src/dialects/imgproxy/v4-options.ts';
import { filesBelow, repositoryRoot } from '../support/repository.ts';

const examples = [...sampleExamples, ...optionExamples];
const pictures = filesBelow(examplesFolder);
const [preset = '', card = ''] = exampleEnvironment.IMGPROXY_PRESETS.split(/=(.*)/);
const settings = imgproxy.withAssets!(
  imgproxySettings.parse({ allowSecurityOptions: true, presets: { [preset]: card } }),
  { watermark: 'asset:watermark' },
);

test('every option has an example, in the order of the table', () => {
  assert.deepEqual(
    optionExamples.map(({ option }) => option),
    v4Options.map(({ names }) => names[0]),
  );
});

for (const example of optionExamples) {
  const target = targetOfExample(example);
  test(`the URL of ${example.option} is one of it: ${target}`, () => {
    const names = v4Options.find((option) => option.names[0] === example.option)!.names;
    const used = example.options.split('/').map((part) => part.split(':')[0]!);
    assert.ok(used.some((name) => names.includes(name)));
    const { image } = imgproxy.parse({ raw: target, path: target, query: '' }, settings, {});
    assert.equal(image.source, `local:///${example.source}`);
    assert.ok(statSync(path.join(repositoryRoot, example.source)).isFile());
  });
}

test('every example has its picture, and no other is there', async () => {
  assert.deepEqual(
    pictures.map((name) => path.parse(name).name).toSorted(),
    examples.map(({ option }) => option).toSorted(),
  );
  for (const name of pictures) {
    const { width, height } = await sharp(path.join(repositoryRoot, name)).metadata();
    assert.ok(width > 0 && width <= 280 && height <= 280, name);
  }
});

test('the page shows all of them, and they are small', () => {
  const page = readFileSync(path.join(repositoryRoot, 'docs/dialects/imgproxy.md'), 'utf8');
  for (const name of pictures) assert.ok(page.includes(`](../${path.posix.relative('docs', name)})`), name);
  const bytes = pictures.reduce((sum, name) => sum + statSync(path.join(repositoryRoot, name)).size, 0);
  assert.ok(bytes < 600_000, `${bytes} bytes`);
});
