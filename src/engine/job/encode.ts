import type { Sharp } from 'sharp';
import type { EncodeSpec, FormatDefinition } from '../../core/format.ts';
import { formats } from '../../formats/index.gen.ts';
import type { Encoder, EncoderTools } from '../codec.ts';
import { codecs } from '../codecs/index.gen.ts';
import { internal } from './failures.ts';
import type { Picture } from './picture.ts';

export interface Encoded {
  readonly bytes: Uint8Array;
  readonly width: number;
  /** Of one frame. */
  readonly height: number;
  /** `performance.now()` when a codec of ours began; absent where libvips encodes while it decodes. */
  readonly startedAt?: number;
}

export interface Encoding {
  /** Of the picture the chain begins with. */
  readonly fail: Picture['fail'];
  readonly tools: EncoderTools;
}

const byName: ReadonlyMap<string, FormatDefinition> = new Map(Object.entries(formats));

/** Runs the chain and encodes what comes out: in libvips as part of it, or in a codec of ours after it. @throws PictorError */
export async function encode(chain: Sharp, spec: EncodeSpec, { fail, tools }: Encoding): Promise<Encoded> {
  const write = byName.get(spec.format)?.write;
  if (write?.by === 'libvips') {
    const { data, info } = await write.encode(chain, spec).toBuffer({ resolveWithObject: true }).catch(fail);
    return { bytes: data, width: info.width, height: info.pageHeight ?? info.height };
  }
  const encoder = write === undefined ? undefined : codecs.get(spec.format)?.encoder;
  if (encoder === undefined) return internal(new Error(`no encoder for ${spec.format}`));
  const handed = await handOver(chain, encoder).toBuffer({ resolveWithObject: true }).catch(fail);
  const { width, height, channels } = handed.info;
  const startedAt = performance.now();
  const bytes =
    encoder.takes === 'png'
      ? await encoder.encode({ bytes: handed.data, width, height }, spec, tools)
      : await encoder.encode({ data: handed.data, width, height, channels }, spec, tools);
  return { bytes, width, height, startedAt };
}

function handOver(chain: Sharp, encoder: Encoder): Sharp {
  if (encoder.takes === 'png') return chain.png({ compressionLevel: encoder.compressionLevel });
  return (encoder.takes === 'rgba' ? chain.ensureAlpha() : chain).raw({ depth: 'uchar' });
}
