import { after, before, type TestContext } from 'node:test';
import type { BlobStore } from '../../src/core/ports.ts';
import { createAbsStore } from '../../src/stores/abs-store.ts';
import { createGcsStore } from '../../src/stores/gcs-store.ts';
import { namedLayout } from '../../src/stores/s3/layout.ts';
import { type Azurite, startAzurite } from '../support/azurite.ts';
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts';
import { describeStore } from './store.ts';

const common = {
  readSeconds: 20,
  writeSeconds: 20,
  maxBlobBytes: 64 * 1024 * 1024,
  emit: () => {},
};
const unboundedBecause = 'the service bounds what it keeps (lifecycle rules)';

let google: FakeGcs;
let azure: Azurite;
let opened = 0;
before(async () => {
  google = await startFakeGcs();
  azure = await startAzurite();
});
after(async () => {
  await google.close();
  await azure.close();
});

function closing(context: TestContext, store: BlobStore): BlobStore {
  context.after(() => store.close());
  return store;
}

describeStore({
  name: 'gcs (stand-in)',
  async open(context) {
    opened += 1;
    const bucket = `bucket-${opened}`;
    google.createBucket(bucket);
    const where = { bucket, endpoint: google.url, credentials: '', anonymous: true };
    return closing(context, createGcsStore({ ...common, ...where, pathOf: namedLayout('cache/').pathOf }));
  },
  cost: (bodyBytes) => bodyBytes,
  unboundedBecause,
});

describeStore({
  name: 'abs (Azurite)',
  async open(context) {
    opened += 1;
    const { accountName, accountKey, endpoint } = azure;
    const where = { container: `container-${opened}`, accountName, accountKey, endpoint };
    return closing(context, createAbsStore({ ...common, ...where, pathOf: namedLayout('').pathOf }));
  },
  cost: (bodyBytes) => bodyBytes,
  unboundedBecause,
});
