import { parentPort, workerData } from 'node:worker_threads';
import libheif from 'libheif-js/libheif-wasm/libheif-bundle.js';
import type { ThreadError } from './ask-thread.ts';
import type { HeifAnswer, HeifQuestion } from './codecs/heic/decode.ts';

/**
 * The thread that decodes one HEIC and ends: libheif's memory, which only grows, is given back with the thread.
 * libheif applies the file's own rotation and mirroring, so the pixels are upright.
 */
function decode({ bytes, width, height }: HeifQuestion): HeifAnswer | ThreadError {
  const lib = libheif({ print: () => {}, printErr: () => {} });
  const context = lib.heif_context_alloc();
  const read = lib.heif_context_read_from_memory(context, bytes);
  if (read.code !== lib.heif_error_code.heif_error_Ok) return { error: read.message };
  const handle = lib.heif_js_context_get_primary_image_handle(context);
  if (handle.code !== undefined) return { error: 'no primary image' };
  // A forged header promises other pixels than the ones the limits were checked for.
  if (
    lib.heif_image_handle_get_width(handle) !== width ||
    lib.heif_image_handle_get_height(handle) !== height
  ) {
    return { error: 'contradictory sizes' };
  }
  const alpha = lib.heif_image_handle_has_alpha_channel(handle) !== 0;
  const image = lib.heif_js_decode_image2(
    handle,
    lib.heif_colorspace.heif_colorspace_RGB,
    alpha ? lib.heif_chroma.heif_chroma_interleaved_RGBA : lib.heif_chroma.heif_chroma_interleaved_RGB,
  );
  const pixels = image.channels?.[0];
  if (pixels === undefined || pixels.width !== width || pixels.height !== height)
    return { error: 'not decodable' };
  const channels = alpha ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    data.set(
      pixels.data.subarray(y * pixels.stride, y * pixels.stride + width * channels),
      y * width * channels,
    );
  }
  if (alpha && lib.heif_image_handle_is_premultiplied_alpha(handle) !== 0) unpremultiply(data);
  return { data, channels };
}

function unpremultiply(data: Uint8Array): void {
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3]!;
    if (alpha === 0 || alpha === 255) continue;
    for (let channel = at; channel < at + 3; channel += 1)
      data[channel] = Math.min(255, (data[channel]! * 255) / alpha);
  }
}

const answer = decode(workerData as HeifQuestion);
parentPort?.postMessage(answer, 'data' in answer ? [answer.data.buffer] : []);
