import * as z from 'zod';
import type { EncoderOptions, FormatDefinition } from '../core/format.ts';
import { formats } from '../formats/index.gen.ts';
import { madeOnce } from '../lib/made-once.ts';
import { opaqueColourSchema } from '../operations/geometry/colour.ts';
import { type Operation, operations } from '../operations/index.gen.ts';
import type { ImageRequest } from './image-request.ts';

const operationSchema = (): z.ZodType<Operation> =>
  z.union(Object.values(operations).map(({ schema }) => schema() as z.ZodType<Operation>));

const writable = Object.values(formats as Readonly<Record<string, FormatDefinition>>).filter(
  ({ write }) => write !== undefined,
);

const encoderSchema = () =>
  z.strictObject(
    Object.fromEntries(writable.map(({ name, write }) => [name, write!.options().optional()])),
  ) as z.ZodType<Readonly<Record<string, EncoderOptions>>>;

const formatName = madeOnce(() => z.enum(Object.keys(formats)));
const formatNames = () => z.array(formatName()).readonly().exactOptional();

function outputSchema() {
  const quality = z.number().int().min(1).max(100);
  const qualities = z.record(
    z.string().refine((name) => formatName().safeParse(name).success, 'not a format pictor knows'),
    quality,
  );
  return z.strictObject({
    format: z.strictObject({
      negotiated: formatNames(),
      exact: formatName().exactOptional(),
      preferred: formatNames(),
    }),
    quality: quality.exactOptional(),
    formatQuality: qualities.exactOptional(),
    encoder: encoderSchema().exactOptional(),
    frames: z.number().int().min(1).exactOptional(),
    metadata: z.enum(['strip', 'keep']).exactOptional(),
    copyright: z.boolean().exactOptional(),
    profile: z.enum(['srgb', 'keep']).exactOptional(),
    highDepth: z.boolean().exactOptional(),
    matte: opaqueColourSchema().exactOptional(),
    maxBytes: z.number().int().min(1).exactOptional(),
    untouched: formatNames(),
    svgScripts: z.enum(['remove', 'keep']).exactOptional(),
    thumbnail: z.boolean().exactOptional(),
  });
}

function limitsSchema() {
  const bound = z.number().int().min(0).exactOptional();
  const sourceBounds = { maxPixels: bound, maxSide: bound, maxSourceBytes: bound };
  return z.strictObject({
    ...sourceBounds,
    maxFrames: bound,
    maxFramePixels: bound,
    maxResultPixels: bound,
    marks: z.strictObject(sourceBounds).exactOptional(),
    inputs: z.strictObject({ also: formatNames(), never: formatNames() }).exactOptional(),
  });
}

/** An image request as a caller outside our dialects may hand it in. Built with the first one. */
export const requestSchema = madeOnce(
  (): z.ZodType<ImageRequest> =>
    z.strictObject({
      source: z.string().min(1),
      operations: z.array(operationSchema()).readonly(),
      output: outputSchema(),
      edition: z.string().min(1).exactOptional(),
      limits: limitsSchema().exactOptional(),
    }),
);
