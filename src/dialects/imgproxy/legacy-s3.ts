import { list, mapped, type TextReader, text, truth } from './legacy-reading.ts';
import type { LegacyVariable } from './legacy-variables.ts';
import { assign, prefix, type Work } from './legacy-work.ts';

/** imgproxy took an endpoint without a protocol for one that speaks plain HTTP. */
const endpoint = mapped<string>(text, (value) =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`,
);

/** `name=arn;name=arn` */
const accessPoints: TextReader = (value) => {
  const pairs = value
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => /^([^=]+)=(.+)$/.exec(pair));
  return pairs.includes(null)
    ? { expected: 'name=arn pairs, separated by semicolons' }
    : { value: Object.fromEntries(pairs.map((pair) => [pair![1]!.trim(), pair![2]!.trim()])) };
};

/** Objects would be taken for broken pictures: better said at the start. */
const noDecryption: TextReader = (value) => {
  const reading = truth(value);
  return 'value' in reading && reading.value === true
    ? { expected: 'false, because objects that were encrypted by their client cannot be read', bound: true }
    : reading;
};

/** Of versions in URLs: for stores, and for the dialect, which drops those of local files. */
const separatorPaths = ['sources.versionSeparator', 'settings.sourceUrlQuerySeparator'];

/** Variables about objects in S3, with the separator that all stores of objects share. */
export const s3Variables: readonly LegacyVariable[] = [
  { name: 'USE_S3', read: truth, to: ['sources.s3.enabled'] },
  { name: 'S3_REGION', read: text, to: ['sources.s3.region'] },
  { name: 'S3_ENDPOINT', read: endpoint, to: ['sources.s3.endpoint'] },
  { name: 'S3_ENDPOINT_USE_PATH_STYLE', read: truth, to: ['sources.s3.pathStyle'] },
  { name: 'S3_ASSUME_ROLE_ARN', read: text, to: ['sources.s3.assumeRoleArn'] },
  { name: 'S3_ASSUME_ROLE_EXTERNAL_ID', read: text, to: ['sources.s3.assumeRoleExternalId'] },
  { name: 'S3_ALLOWED_BUCKETS', read: list, to: ['sources.s3.allowedBuckets'] },
  { name: 'S3_DENIED_BUCKETS', read: list, to: ['sources.s3.deniedBuckets'] },
  { name: 'S3_ACCESS_POINTS', read: accessPoints, to: ['sources.s3.accessPoints'] },
  { name: 'S3_USE_DECRYPTION_CLIENT', read: noDecryption, to: [] },
  { name: 'SOURCE_URL_QUERY_SEPARATOR', read: text, to: separatorPaths },
];

/** What imgproxy takes for granted of S3, and where an empty variable says something. */
export function settleS3(work: Work): void {
  const { env, values, origins } = work;
  const separator = `${prefix}SOURCE_URL_QUERY_SEPARATOR`;
  if (env[separator] === '')
    for (const path of separatorPaths) assign(work, path, { value: '', origin: separator });
  if (values.get('sources.s3.enabled') !== true) return;
  const time = 'sources.http.timeoutSeconds';
  assign(work, 'sources.s3.timeoutSeconds', { value: values.get(time), origin: origins.get(time) ?? null });
  assign(work, 'sources.s3.fallbackRegion', { value: 'us-west-1', origin: null });
  // The AWS SDK for Go reads both names of the region's variable, ours only the first.
  const { AWS_REGION: first = '', AWS_DEFAULT_REGION: second = '' } = env;
  if (!values.has('sources.s3.region') && first === '' && second !== '')
    assign(work, 'sources.s3.region', { value: second, origin: 'AWS_DEFAULT_REGION' });
}
