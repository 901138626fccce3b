import { after, before, describe } from 'node:test';
import { createAbsSource } from '../../src/sources/abs-source.ts';
import { absSourceSettings } from '../../src/sources/object-settings.ts';
import { type Azurite, startAzurite } from '../support/azurite.ts';
import { describeSource } from './source.ts';

describe('Azure Blob Storage', () => {
  let azurite: Azurite;
  let containers = 0;
  before(async () => {
    azurite = await startAzurite();
  });
  after(() => azurite.close());

  describeSource('abs', async () => {
    containers += 1;
    const name = `container-${containers}`;
    const container = azurite.client.getContainerClient(name);
    await container.create();
    const { accountName, accountKey, endpoint } = azurite;
    const settings = absSourceSettings.parse({ enabled: true, accountName, accountKey, endpoint });
    return {
      source: createAbsSource(settings, { versionSeparator: '?' }),
      async put(key, bytes) {
        await container.getBlockBlobClient(key).upload(bytes, bytes.byteLength);
        return `abs://${name}/${key}`;
      },
      missing: `abs://${name}/missing`,
      close: async () => void (await container.delete()),
    };
  });
});
