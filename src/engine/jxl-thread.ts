import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadError } from './ask-thread.ts';
import type { JxlDecoded, JxlEncoded, JxlQuestion } from './codecs/jxl.ts';
import { withoutAlpha } from './without-alpha.ts';

/**
 * The thread that decodes or encodes one JPEG XL and ends. The module gives upright pixels, 8 bits per channel in sRGB
 * (it converts from whatever the file says), and of an animation the first frame.
 */

const require = createRequire(import.meta.url);

/** The package looks for its WebAssembly by URL, which only a browser can fetch. */
const compiled = (file: string) =>
  WebAssembly.compile(readFileSync(require.resolve(`@jsquash/jxl/codec/${file}`)));

const silent = { print: () => {}, printErr: () => {} };

async function decode({
  bytes,
  width,
  height,
  alpha,
}: Extract<JxlQuestion, { do: 'decode' }>): Promise<JxlDecoded | ThreadError> {
  const jxl = await import('@jsquash/jxl/decode.js');
  await jxl.init(await compiled('dec/jxl_dec.wasm'), silent);
  const picture = await jxl.default(bytes);
  // A forged header promises other pixels than the ones the limits were checked for.
  if (picture.width !== width || picture.height !== height) return { error: 'contradictory sizes' };
  return alpha ? { data: own(picture.data), channels: 4 } : { data: withoutAlpha(picture.data), channels: 3 };
}

async function encode({
  data,
  width,
  height,
  ...options
}: Extract<JxlQuestion, { do: 'encode' }>): Promise<JxlEncoded> {
  const jxl = await import('@jsquash/jxl/encode.js');
  await jxl.init(await compiled('enc/jxl_enc.wasm'), silent);
  return { bytes: new Uint8Array(await jxl.default({ data, width, height }, options)) };
}

/** Bytes that are no view into the memory of the module. */
const own = (data: Uint8ClampedArray): Uint8Array<ArrayBuffer> => new Uint8Array(data);

const question = workerData as JxlQuestion;
const answer = await (question.do === 'decode' ? decode(question) : encode(question)).catch(
  (error: unknown): ThreadError => ({ error: String(error) }),
);
const made = 'error' in answer ? [] : ['data' in answer ? answer.data.buffer : answer.bytes.buffer];
parentPort?.postMessage(answer, made);
