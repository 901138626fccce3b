import { swiftSourceSettings } from '../../src/sources/object-settings.ts';
import { createSwiftSource } from '../../src/sources/swift-source.ts';
import { startFakeSwift, swiftUser } from '../support/fake-swift.ts';
import { describeSource } from './source.ts';

describeSource('swift, on a stand-in for the service', async () => {
  const swift = await startFakeSwift();
  const settings = swiftSourceSettings.parse({ enabled: true, ...swiftUser, authUrl: `${swift.url}/v3` });
  return {
    source: createSwiftSource(settings, { versionSeparator: '?' }),
    async put(key, bytes) {
      swift.put('pictures', key, bytes);
      return `swift://pictures/${key}`;
    },
    missing: 'swift://pictures/missing',
    close: swift.close,
  };
});
