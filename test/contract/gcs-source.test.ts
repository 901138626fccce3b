import { createGcsSource } from '../../src/sources/gcs-source.ts';
import { gcsSourceSettings } from '../../src/sources/object-settings.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import { describeSource } from './source.ts';

describeSource('gcs, on a stand-in for the service', async () => {
  const gcs = await startFakeGcs();
  gcs.createBucket('pictures');
  const settings = gcsSourceSettings.parse({ enabled: true, anonymous: true, endpoint: gcs.url });
  return {
    source: createGcsSource(settings, { versionSeparator: '?' }),
    async put(key, bytes) {
      gcs.put('pictures', key, { bytes });
      return `gs://pictures/${key}`;
    },
    missing: 'gs://pictures/missing',
    close: gcs.close,
  };
});
