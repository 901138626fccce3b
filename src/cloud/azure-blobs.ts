import type { BlobServiceClient, StoragePipelineOptions } from '@azure/storage-blob';
import { openedOnce } from './opened-once.ts';

/** How Azure Blob Storage is reached and by whom. */
export interface AzureConnection {
  readonly accountName: string;
  /** Empty: whoever this machine is to Azure, as the package `@azure/identity` finds it. */
  readonly accountKey: string;
  /** Empty: Azure itself. */
  readonly endpoint: string;
  /** Tries of one request, the first included. */
  readonly maxAttempts: number;
}

/**
 * The client of one account, made when it is first asked for. The SDK is loaded here, for it is there only where somebody
 * installed it.
 * @throws Error when a package is missing, or the key is no base64
 */
export const azureBlobs = (connection: AzureConnection): (() => Promise<BlobServiceClient>) =>
  openedOnce(() => open(connection));

async function open(connection: AzureConnection): Promise<BlobServiceClient> {
  const { accountName, accountKey, endpoint, maxAttempts } = connection;
  const sdk = await import('@azure/storage-blob');
  const url = endpoint === '' ? `https://${accountName}.blob.core.windows.net` : endpoint;
  const options: StoragePipelineOptions = {
    retryOptions: { maxTries: maxAttempts, retryDelayInMs: 200, maxRetryDelayInMs: 2000 },
    userAgentOptions: { userAgentPrefix: 'pictor' },
  };
  const credential =
    accountKey === ''
      ? new (await import('@azure/identity')).DefaultAzureCredential()
      : new sdk.StorageSharedKeyCredential(accountName, accountKey);
  return new sdk.BlobServiceClient(url.replace(/\/$/, ''), credential, options);
}
