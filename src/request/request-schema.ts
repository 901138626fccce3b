import * as z from 'zod';
import type { EncoderOptions, FormatDefinition } from '../core/format.ts';
import { formats } from '../formats/index.gen.ts';
import { opaqueColourSchema } from '../operations/geometry/colour.ts';
import { type Operation, operations } from '../operations/index.gen.ts';
import type { ImageRequest } from './image-request.ts';

const operationSchema: z.ZodType<Operation> = z.union(
  Object.values(operations).map(({ schema }) => schema as z.ZodType<Operation>),
);

const writable = Object.values(formats as Readonly<Record<string, FormatDefinition>>).filter(
  ({ write }) => write !== undefined,
);
const quality = z.number().int().min(1).max(100);
const bound = z.number().int().min(0);
const sourceBounds = {
  maxPixels: bound.exactOptional(),
  maxSide: bound.exactOptional(),
  maxSourceBytes: bound.exactOptional(),
};
const formatName = z.enum(Object.keys(formats));
const qualities = z.record(
  z.string().refine((name) => formatName.safeParse(name).success, 'not a format pictor knows'),
  quality,
);

const encoderSchema: z.ZodType<Readonly<Record<string, EncoderOptions>>> = z.strictObject(
  Object.fromEntries(writable.map(({ name, write }) => [name, write!.options.optional()])),
) as z.ZodType<Readonly<Record<string, EncoderOptions>>>;

/** An image request as a caller outside our dialects may hand it in. */
export const requestSchema: z.ZodType<ImageRequest> = z.strictObject({
  source: z.string().min(1),
  operations: z.array(operationSchema).readonly(),
  output: z.strictObject({
    format: z.strictObject({
      negotiated: z.array(formatName).readonly().exactOptional(),
      exact: formatName.exactOptional(),
      preferred: z.array(formatName).readonly().exactOptional(),
    }),
    quality: quality.exactOptional(),
    formatQuality: qualities.exactOptional(),
    encoder: encoderSchema.exactOptional(),
    frames: z.number().int().min(1).exactOptional(),
    metadata: z.enum(['strip', 'keep']).exactOptional(),
    copyright: z.boolean().exactOptional(),
    profile: z.enum(['srgb', 'keep']).exactOptional(),
    highDepth: z.boolean().exactOptional(),
    matte: opaqueColourSchema.exactOptional(),
    maxBytes: z.number().int().min(1).exactOptional(),
    untouched: z.array(formatName).readonly().exactOptional(),
    svgScripts: z.enum(['remove', 'keep']).exactOptional(),
    thumbnail: z.boolean().exactOptional(),
  }),
  edition: z.string().min(1).exactOptional(),
  limits: z
    .strictObject({
      ...sourceBounds,
      maxFrames: bound.exactOptional(),
      maxFramePixels: bound.exactOptional(),
      maxResultPixels: bound.exactOptional(),
      marks: z.strictObject(sourceBounds).exactOptional(),
      inputs: z
        .strictObject({
          also: z.array(formatName).readonly().exactOptional(),
          never: z.array(formatName).readonly().exactOptional(),
        })
        .exactOptional(),
    })
    .exactOptional(),
});
