import { Agent as HttpAgent } from 'node:http';
import { getBuiltinModule } from 'node:process';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Connection } from './s3-settings.ts';

type Sdk = typeof import('@aws-sdk/client-s3');

/** A client that is ready for use, and the SDK it comes from, so that nobody else has to load that. */
export interface S3Session {
  readonly client: S3Client;
  readonly sdk: Sdk;
}

/** One S3 service, connected to when it is first needed. */
export interface S3Service {
  /** Loads the SDK and finds the region, once. Failures are not remembered. @throws whatever the SDK throws */
  session(): Promise<S3Session>;
  /** Lets go of all connections. */
  close(): Promise<void>;
}

/** Loads the SDK ahead of time, so that the first request does not wait for it. */
export async function loadS3Sdk(): Promise<void> {
  await import('@aws-sdk/client-s3');
}

/** The SDK would print to the console what we tell in our own log. */
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * Reaches an S3 service through the AWS SDK, which is loaded with the first request: it takes as long to load as all the
 * rest of pictor. Requests are tried again in the SDK's standard way. Redirects are not followed; only where Amazon itself
 * says that a bucket lives in another region is it asked there.
 */
export function createS3Service(connection: S3Connection): S3Service {
  let opening: Promise<S3Session> | null = null;
  return {
    session() {
      opening ??= openSession(connection).catch((thrown: unknown) => {
        opening = null;
        throw thrown;
      });
      return opening;
    },
    async close() {
      const session = await opening?.catch(() => null);
      opening = null;
      session?.client.destroy();
    },
  };
}

async function openSession(connection: S3Connection): Promise<S3Session> {
  const sdk = await import('@aws-sdk/client-s3');
  const region = connection.region || (await findRegion(sdk)) || connection.fallbackRegion;
  const endpoint = connection.endpoint || (await findEndpoint(sdk));
  const client = new sdk.S3Client({
    ...addressOf({ ...connection, endpoint }),
    ...(await credentialsOf(connection, region)),
    ...handlerOf(connection),
    region,
    // Taken from the ARN of an access point: it may be elsewhere.
    useArnRegion: true,
    retryMode: 'standard',
    maxAttempts: connection.maxAttempts ?? 3,
    // Otherwise other servers than Amazon's store the framing of a checksum as part of the object, or refuse it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: silent,
  });
  return { client, sdk };
}

/** Of the environment or the profile, as the SDK finds it; empty when there is none. */
async function findRegion(sdk: Sdk): Promise<string> {
  const asked = new sdk.S3Client({ logger: silent });
  try {
    return await asked.config.region();
  } catch {
    return '';
  } finally {
    asked.destroy();
  }
}

/** Where a request goes. */
interface Address {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

/**
 * What AWS_ENDPOINT_URL_S3 or the profile name; empty where that is Amazon. The SDK goes there by itself, but does not tell,
 * and other services want the bucket in the path: so it is asked where a request would go that is never sent.
 */
async function findEndpoint(sdk: Sdk): Promise<string> {
  let address = '';
  const asked = new sdk.S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'nobody', secretAccessKey: 'nobody' },
    maxAttempts: 1,
    logger: silent,
    requestHandler: {
      async handle({ protocol, hostname, port, path }: Address) {
        if (!hostname.endsWith('.amazonaws.com'))
          address = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`;
        throw new Error('not to be sent');
      },
      updateHttpClientConfig() {},
      httpHandlerConfigs: () => ({}),
    },
  });
  await asked.send(new sdk.ListBucketsCommand()).catch(() => {});
  asked.destroy();
  return address.replace(/\/+$/, '');
}

function addressOf({ endpoint, pathStyle }: S3Connection): S3ClientConfig {
  if (endpoint === '') return { followRegionRedirects: true };
  return { endpoint, forcePathStyle: pathStyle };
}

async function credentialsOf(connection: S3Connection, region: string): Promise<S3ClientConfig> {
  const { accessKeyId, secretAccessKey, sessionToken = '', assumeRole } = connection;
  const token = sessionToken === '' ? {} : { sessionToken };
  const own = accessKeyId === '' ? undefined : { accessKeyId, secretAccessKey, ...token };
  if (assumeRole === undefined) return own === undefined ? {} : { credentials: own };
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  return {
    credentials: fromTemporaryCredentials({
      ...(own === undefined ? {} : { masterCredentials: own }),
      params: {
        RoleArn: assumeRole.arn,
        RoleSessionName: 'pictor',
        ...(assumeRole.externalId === '' ? {} : { ExternalId: assumeRole.externalId }),
      },
      clientConfig: { region },
      logger: silent,
    }),
  };
}

function handlerOf(connection: S3Connection): S3ClientConfig {
  const { maxConnections, connectTimeoutSeconds, tryTimeoutSeconds = 0, idleTimeoutSeconds = 0 } = connection;
  const pooling = { keepAlive: true, maxSockets: maxConnections };
  // TLS is loaded with the SDK, not with the start.
  const { Agent: HttpsAgent } = getBuiltinModule('node:https');
  return {
    requestHandler: {
      connectionTimeout: connectTimeoutSeconds * 1000,
      requestTimeout: tryTimeoutSeconds * 1000,
      throwOnRequestTimeout: true,
      socketTimeout: idleTimeoutSeconds * 1000,
      httpAgent: new HttpAgent(pooling),
      httpsAgent: new HttpsAgent(pooling),
      logger: silent,
    },
  };
}
