import { createFetchUpload, type FetchUploadParts } from './fetch-upload.ts';
import type { IngestParts } from './ingest.ts';
import { createIngest, type Ingest } from './ingest.ts';
import { createKeepFile, type KeepFile } from './keep-file.ts';
import { createKeptObjects, type KeptObjects, type KeptObjectsParts } from './kept-objects.ts';
import { createVariantsService, type VariantsService } from './make-variants.ts';
import type { ServeImage } from './serve-image-types.ts';
import { createShowObject, type ShowObject } from './show-object.ts';
import { createStaging } from './staging.ts';
import { createTellOriginal, type TellOriginalParts } from './tell-original.ts';
import { createVariantMaker, type VariantMaker } from './variant-maker.ts';

/** Everything that mounts with a storage do, for all of them together. */
export interface StorageWork {
  readonly show: ShowObject;
  readonly ingest: Ingest;
  readonly variants: VariantsService;
  readonly keepFile: KeepFile;
  readonly objects: KeptObjects;
  readonly maker: VariantMaker;
  /** Waits for what nobody waits for: variants that were put off, and those on their way into their buckets. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface StorageWorkParts
  extends FetchUploadParts,
    Pick<KeptObjectsParts, 'variants' | 'memory' | 'purges' | 'changed'>,
    Pick<IngestParts, 'engine' | 'maxWaitSeconds'> {
  readonly serve: ServeImage;
  /** For objects that are read into memory. */
  readonly objectGate: KeptObjectsParts['gate'];
  readonly processGate: IngestParts['gate'];
  readonly limits: TellOriginalParts['limits'];
  /** Folder below which uploads are staged. */
  readonly stagingParent: string;
  /** Variants of one call that are made at the same time. */
  readonly variantsAtOnce: number;
}

export function createStorageWork(parts: StorageWorkParts): StorageWork {
  const { emit } = parts;
  const staging = createStaging(parts.stagingParent);
  const objects = createKeptObjects({ ...parts, gate: parts.objectGate });
  const maker = createVariantMaker({ ...parts, objects });
  const variants = createVariantsService({ maker, emit, atOnce: parts.variantsAtOnce });
  const fetchUpload = createFetchUpload(parts);
  return {
    objects,
    maker,
    variants,
    show: createShowObject({ ...parts, objects, maker, tell: createTellOriginal({ ...parts, staging }) }),
    ingest: createIngest({ ...parts, gate: parts.processGate, staging, fetchUpload, objects, variants }),
    keepFile: createKeepFile({ staging, objects }),
    async drain() {
      await variants.drain();
      await maker.drain();
    },
    close: () => staging.close(),
  };
}
