/**
 * Makes the pictures of docs/dialects/imgproxy.md: `npx node scripts/option-pictures.ts`, then `npm run gen`. It starts the
 * server and keeps what it answers, byte for byte. Run by hand when options or pixels have changed.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startPictor } from '../test/support/pictor-process.ts';
import {
  exampleEnvironment,
  examplesFolder,
  type OptionExample,
  optionExamples,
  sampleExamples,
  targetOfExample,
} from './imgproxy-examples.ts';

const root = path.dirname(import.meta.dirname);
const folder = path.join(root, examplesFolder);
const extensions: Readonly<Record<string, string>> = {
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
};

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const pictor = await startPictor({
  args: ['imgproxy'],
  bind: 'IMGPROXY_BIND',
  env: {
    ...exampleEnvironment,
    IMGPROXY_LOCAL_FILESYSTEM_ROOT: root,
    IMGPROXY_WATERMARK_PATH: path.join(root, exampleEnvironment.IMGPROXY_WATERMARK_PATH),
  },
});
try {
  for (const example of [...sampleExamples, ...optionExamples]) await keep(example);
} finally {
  await pictor.stop();
}

async function keep(example: OptionExample): Promise<void> {
  const target = targetOfExample(example);
  const { status, headers, body } = await pictor.get(target);
  const extension = extensions[headers['content-type'] ?? ''];
  if (status !== 200 || extension === undefined) throw new Error(`${target}: ${status} ${body.toString()}`);
  await writeFile(path.join(folder, `${example.option}.${extension}`), body);
  console.log(`${String(body.length).padStart(7)} ${target}`);
}
