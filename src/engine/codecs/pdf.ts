import { PictorError } from '../../core/errors.ts';
import type { Size } from '../../core/geometry.ts';
import { formats } from '../../formats/index.gen.ts';
import { askThread } from '../ask-thread.ts';
import type { Codec } from '../codec.ts';
import { allBytes } from '../job/input.ts';
import { stillInfo } from '../still.ts';

/** What the thread is asked: the size of the first page, or its pixels at the size that was checked. */
export type PdfQuestion =
  | { readonly do: 'measure'; readonly bytes: Uint8Array }
  | ({ readonly do: 'draw'; readonly bytes: Uint8Array } & Size);

/** In pixels: one per point. */
export type PdfMeasured = Size;

export interface PdfDrawn {
  /** Three channels. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/**
 * A page is a program, and some never end; honest ones take a fraction of a second. Well below the usual
 * `engine.timeoutSeconds`: to end a thread costs nothing, a worker process does.
 */
const longestSeconds = 10;

/** PDF by PDFium in WebAssembly (`@hyzyla/pdfium`), loaded with the first one: no scripts, no network, no files. */
export const pdf = {
  name: 'pdf',
  decoder: {
    async probe(input) {
      const { width, height } = await ask<PdfMeasured>({ do: 'measure', bytes: await allBytes(input) });
      return {
        input,
        format: formats.pdf,
        info: stillInfo({
          format: 'pdf',
          width,
          height,
          hasAlpha: false,
          palette: false,
          bytes: input.size,
        }),
      };
    },
    async decode({ input, info: { width, height } }) {
      const { data } = await ask<PdfDrawn>({ do: 'draw', bytes: await allBytes(input), width, height });
      return { width, height, channels: 3, data: Buffer.from(data.buffer) };
    },
  },
} as const satisfies Codec;

/** @throws PictorError IMAGE_BROKEN */
async function ask<Answer extends PdfMeasured | PdfDrawn>(question: PdfQuestion): Promise<Answer> {
  const answer = await askThread<Answer>('pdf-thread', question, longestSeconds);
  if ('error' in answer) throw new PictorError('IMAGE_BROKEN', { detail: `pdf: ${answer.error}` });
  return answer;
}
