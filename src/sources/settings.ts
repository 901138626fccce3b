import * as z from 'zod';
import { hasWholeKey, s3ConnectionFields } from '../cloud/s3-settings.ts';
import { count, seconds, secretText } from '../core/settings.ts';
import { parseHostPattern } from '../lib/host-pattern.ts';
import { absSourceSettings, gcsSourceSettings, swiftSourceSettings } from './object-settings.ts';

const hostPattern = z.string().refine((text) => parseHostPattern(text) !== null, {
  error:
    'expected a host: example.com, example.com:8080, *.example.com, 192.0.2.1, 192.0.2.0/24 or [2001:db8::1]:8080',
});

/** `proxy:3128` means `http://proxy:3128`, as every other program reads these variables. */
const proxyUrl = secretText()
  .default('')
  .transform((text, context) => {
    if (text.trim() === '') return '';
    const url = text.includes('://') ? text.trim() : `http://${text.trim()}`;
    if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
    context.addIssue({
      code: 'custom',
      message: 'expected the URL of an HTTP proxy, for instance http://proxy:3128',
    });
    return z.NEVER;
  })
  .meta({ secret: true, syntax: 'http://[user:password@]host:port' });

const headerText = () =>
  z.string().regex(/^[\t\x20-\x7e]*$/, 'expected letters, digits and signs of ASCII only');

const httpSourceSettings = z.strictObject({
  allowLoopback: z.boolean().default(false).describe('Fetch from 127.0.0.0/8, ::1, 0.0.0.0 and ::.'),
  allowLinkLocal: z
    .boolean()
    .default(false)
    .describe('Fetch from 169.254.0.0/16 (cloud metadata services live there) and fe80::/10.'),
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('Fetch from 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7 and fec0::/10.'),
  allowedHosts: z
    .array(hostPattern)
    .default([])
    .describe(
      'Hosts that may be fetched from whatever they resolve to: name, name:port, *.name, an address or a network.',
    ),
  deniedHosts: z
    .array(hostPattern)
    .default([])
    .describe(
      'Hosts that are never fetched from, not by redirects either: name, *.name, address or network. Names that resolve to a denied address are refused too.',
    ),
  allowUserInfo: z
    .boolean()
    .default(false)
    .describe('Accept https://user:password@host/ and send it as Basic authorization; refused otherwise.'),
  maxRedirects: count(10).describe(
    'Redirects followed; each target is checked like a URL of its own. 0: none.',
  ),
  timeoutSeconds: seconds(20).describe(
    'For the whole fetch, from the look-up of the name to the last byte. 0: no limit.',
  ),
  connectTimeoutSeconds: seconds(5).describe(
    'Until a connection stands, look-up and TLS included. 0: no limit.',
  ),
  headersTimeoutSeconds: seconds(10).describe('From the request to the head of the answer. 0: no limit.'),
  idleTimeoutSeconds: seconds(10).describe('Longest pause within a body. 0: no limit.'),
  maxConnectionsPerHost: count(8, 1).describe(
    'Fetches from one host at the same time, and connections to it; further ones wait without holding up other hosts.',
  ),
  keepAliveSeconds: seconds(30).describe(
    'How long an unused connection is kept for the next fetch. 0: closed at once.',
  ),
  userAgent: headerText().default('').describe('User-Agent sent to sources. Empty: pictor/<version>.'),
  accept: headerText()
    .default('image/*,*/*;q=0.1')
    .describe(
      'Accept sent to sources. The default names no single format, so that a source that chooses sends what it stores. Empty: none.',
    ),
  insecureTls: z
    .boolean()
    .default(false)
    .describe(
      'Accept any certificate. For trying things out; add a private CA by NODE_EXTRA_CA_CERTS instead.',
    ),
  httpProxy: proxyUrl.describe(
    'Proxy for http:// sources. The proxy then resolves names, so it must guard addresses itself.',
  ),
  httpsProxy: proxyUrl.describe('Proxy for https:// sources, as for httpProxy.'),
  noProxy: z
    .string()
    .default('')
    .describe(
      'Hosts fetched without a proxy, separated by commas: name (and below), .name (below only), name:port, address, CIDR or *.',
    ),
});
export type HttpSourceSettings = z.infer<typeof httpSourceSettings>;

const fileSourceSettings = z.strictObject({
  root: z
    .string()
    .default('')
    .describe(
      'Folder that local:/// sources are read from; nothing outside it is reachable. Empty: no such sources.',
    ),
});
export type FileSourceSettings = z.infer<typeof fileSourceSettings>;

const bucketNames = () => z.array(z.string().min(1)).default([]);

const accessPoint = z.string().regex(/^arn:[\w-]+:s3[\w-]*:[a-z0-9-]+:\d{12}:.+$/, {
  error:
    'expected the ARN of an access point in one region: arn:aws:s3:eu-central-1:123456789012:accesspoint/name',
});

const s3SourceSettings = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Read s3://bucket/key sources.'),
    ...s3ConnectionFields,
    assumeRoleArn: z
      .string()
      .default('')
      .describe('Role to take on with the credentials at hand, by its ARN. Empty: none.'),
    assumeRoleExternalId: z
      .string()
      .default('')
      .describe('External id that role asks for. Only with assumeRoleArn.'),
    allowedBuckets: bucketNames().describe(
      'Buckets that may be read. Empty: all that the credentials can read.',
    ),
    deniedBuckets: bucketNames().describe('Buckets that are never read, also when they are allowed.'),
    accessPoints: z
      .record(z.string(), accessPoint)
      .default({})
      .describe('Access points by the name that stands in place of a bucket: {"name": "arn:…"}.'),
    timeoutSeconds: seconds(20).describe(
      'For the whole object, from the connection to the last byte, with all tries. 0: no limit.',
    ),
    maxAttempts: count(3, 1).describe('Tries of one request, the first included.'),
  })
  .refine(hasWholeKey, {
    path: ['secretAccessKey'],
    error: 'accessKeyId and secretAccessKey go together: set both or none',
  })
  .refine(
    ({ endpoint, pathStyle, accessPoints }) =>
      endpoint === '' || !pathStyle || Object.keys(accessPoints).length === 0,
    { path: ['accessPoints'], error: 'access points are not reached by path: set pathStyle to false' },
  );
export type S3SourceSettings = z.infer<typeof s3SourceSettings>;

/** Where originals are read from. */
export const sourcesSettings = z.strictObject({
  http: httpSourceSettings.prefault({}),
  file: fileSourceSettings.prefault({}),
  gcs: gcsSourceSettings.prefault({}),
  abs: absSourceSettings.prefault({}),
  swift: swiftSourceSettings.prefault({}),
  s3: s3SourceSettings.prefault({}),
  versionSeparator: z
    .string()
    .default('?')
    .describe(
      'Text between the key of an object and its version, in s3://bucket/key?version. Everything else in a key is literal. Empty: no versions.',
    ),
});
export type SourcesSettings = z.infer<typeof sourcesSettings>;
