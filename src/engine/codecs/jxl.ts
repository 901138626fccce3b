import { PictorError } from '../../core/errors.ts';
import type { Size } from '../../core/geometry.ts';
import { formats } from '../../formats/index.gen.ts';
import { askThread } from '../ask-thread.ts';
import type { Codec } from '../codec.ts';
import { allBytes, type JobInput } from '../job/input.ts';
import type { Original } from '../job/probe.ts';
import { stillInfo } from '../still.ts';
import { openJxl } from './jxl/container.ts';
import { type JxlHeader, readJxlHeader } from './jxl/header.ts';

/** What the thread is asked. When decoding, the size and alpha that the header promised. */
export type JxlQuestion =
  | ({ readonly do: 'decode'; readonly bytes: Uint8Array; readonly alpha: boolean } & Size)
  | ({
      readonly do: 'encode';
      /** Four channels. */
      readonly data: Uint8Array;
      readonly effort: number;
      readonly quality: number;
      readonly lossless: boolean;
    } & Size);

export interface JxlDecoded {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly channels: 3 | 4;
}

export interface JxlEncoded {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const broken = (detail: string) => new PictorError('IMAGE_BROKEN', { detail: `jxl: ${detail}` });

/** JPEG XL by libjxl in WebAssembly (`@jsquash/jxl`), loaded with the first one. */
export const jxl = {
  name: 'jxl',
  decoder: {
    probe: probeJxl,
    async decode({ input, info: { width, height, hasAlpha } }) {
      const bytes = await allBytes(input);
      const question: JxlQuestion = { do: 'decode', bytes, width, height, alpha: hasAlpha };
      const answer = await askThread<JxlDecoded>('jxl-thread', question);
      if ('error' in answer) throw broken(answer.error);
      const { buffer, byteOffset, byteLength } = answer.data;
      return {
        width,
        height,
        channels: answer.channels,
        data: Buffer.from(buffer, byteOffset, byteLength),
      };
    },
  },
  encoder: {
    // The module has no other way in, so every result has an alpha channel, which costs next to nothing where it is opaque.
    takes: 'rgba',
    async encode({ data, width, height }, { quality, options }) {
      const { effort, lossless } = {
        effort: 4,
        lossless: false,
        ...formats.jxl.write.options().parse(options),
      };
      const question: JxlQuestion = {
        do: 'encode',
        data,
        width,
        height,
        effort,
        lossless,
        quality: lossless ? 100 : (quality ?? formats.jxl.write.quality),
      };
      const answer = await askThread<JxlEncoded>('jxl-thread', question);
      if ('error' in answer) throw new PictorError('WORKER_CRASHED', { detail: `jxl: ${answer.error}` });
      return answer.bytes;
    },
  },
} as const satisfies Codec;

async function probeJxl(input: JobInput): Promise<Original> {
  const file = openJxl(await allBytes(input));
  if (file === null) throw broken('no codestream');
  const { codestream, exif, xmp } = file;
  const { width, height, alpha } = headerOf(codestream);
  return {
    input,
    format: formats.jxl,
    // Of an animation the first frame is read.
    info: stillInfo({ format: 'jxl', width, height, hasAlpha: alpha, palette: false, bytes: input.size }),
    ...(exif === undefined ? {} : { exif }),
    ...(xmp === undefined ? {} : { xmp }),
  };
}

function headerOf(codestream: Uint8Array): JxlHeader {
  try {
    return readJxlHeader(codestream);
  } catch (error) {
    if (error instanceof RangeError) throw broken(error.message);
    throw error;
  }
}
