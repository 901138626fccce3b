import type { FixedReply } from '../request/dialect.ts';
import type { KeepTask } from '../request/storage.ts';
import type { KeptObjects } from './kept-objects.ts';
import type { Staging } from './staging.ts';
import { bucketOf, type StorageSite } from './storage-site.ts';
import { receiveBody, type UploadBody } from './upload-body.ts';

/** The use case behind a file that is kept as it comes. @throws PictorError UPLOAD_*, STORAGE_* */
export type KeepFile = (site: StorageSite, task: KeepTask, body: UploadBody) => Promise<FixedReply>;

export interface KeepFileParts {
  readonly staging: Staging;
  readonly objects: KeptObjects;
}

export function createKeepFile({ staging, objects }: KeepFileParts): KeepFile {
  return async (site, task, body) => {
    const { bucket, key, contentType, maxBytes, reply } = task;
    const { staged } = await receiveBody(body, {
      staging,
      maxBytes,
      formsToo: false,
      emptyToo: true,
    });
    try {
      const file = { file: staged.path, size: staged.bytes };
      await bucketOf({ site, bucket }).put(key, file, { contentType });
      objects.forget({ site, bucket, key });
    } finally {
      await staged.drop();
    }
    return reply;
  };
}
