import { list, text, truth, whole } from './legacy-reading.ts';
import type { LegacyVariable } from './legacy-variables.ts';
import { assign, complaint, prefix, type Work } from './legacy-work.ts';

/** Variables about objects at Google, at Azure and in Swift; those about S3 are in legacy-s3.ts. */
export const objectVariables: readonly LegacyVariable[] = [
  { name: 'USE_GCS', read: truth, to: ['sources.gcs.enabled'] },
  { name: 'GCS_KEY', read: text, to: ['sources.gcs.credentials'] },
  { name: 'GCS_ENDPOINT', read: text, to: ['sources.gcs.endpoint'] },
  { name: 'GCS_ALLOWED_BUCKETS', read: list, to: ['sources.gcs.allowedBuckets'] },
  { name: 'GCS_DENIED_BUCKETS', read: list, to: ['sources.gcs.deniedBuckets'] },

  { name: 'USE_ABS', read: truth, to: ['sources.abs.enabled'] },
  { name: 'ABS_NAME', read: text, to: ['sources.abs.accountName'] },
  { name: 'ABS_KEY', read: text, to: ['sources.abs.accountKey'] },
  { name: 'ABS_ENDPOINT', read: text, to: ['sources.abs.endpoint'] },
  { name: 'ABS_ALLOWED_BUCKETS', read: list, to: ['sources.abs.allowedBuckets'] },
  { name: 'ABS_DENIED_BUCKETS', read: list, to: ['sources.abs.deniedBuckets'] },

  { name: 'USE_SWIFT', read: truth, to: ['sources.swift.enabled'] },
  { name: 'SWIFT_USERNAME', read: text, to: ['sources.swift.username'] },
  { name: 'SWIFT_API_KEY', read: text, to: ['sources.swift.apiKey'] },
  { name: 'SWIFT_AUTH_URL', read: text, to: ['sources.swift.authUrl'] },
  { name: 'SWIFT_AUTH_VERSION', read: whole({ least: 0, most: 3 }), to: ['sources.swift.authVersion'] },
  { name: 'SWIFT_TENANT', read: text, to: ['sources.swift.tenant'] },
  { name: 'SWIFT_DOMAIN', read: text, to: ['sources.swift.domain'] },
  {
    name: 'SWIFT_CONNECT_TIMEOUT_SECONDS',
    read: whole({ least: 0 }),
    to: ['sources.swift.connectTimeoutSeconds'],
  },
  { name: 'SWIFT_TIMEOUT_SECONDS', read: whole({ least: 0 }), to: ['sources.swift.timeoutSeconds'] },
  { name: 'SWIFT_ALLOWED_BUCKETS', read: list, to: ['sources.swift.allowedBuckets'] },
  { name: 'SWIFT_DENIED_BUCKETS', read: list, to: ['sources.swift.deniedBuckets'] },
];

const downloadTime = 'sources.http.timeoutSeconds';
const swiftTime = 'sources.swift.timeoutSeconds';

/** One limit over a whole download, wherever it comes from, as imgproxy has it. */
export function settleObjects(work: Work): void {
  const { values, origins } = work;
  const download = { value: values.get(downloadTime), origin: origins.get(downloadTime) ?? null };
  for (const kind of ['gcs', 'abs'])
    if (values.get(`sources.${kind}.enabled`) === true)
      assign(work, `sources.${kind}.timeoutSeconds`, download);
  nameMissing(work);
  if (values.get('sources.swift.enabled') !== true) return;
  readMisspelt(work);
  const own = values.get(swiftTime);
  if (own === undefined || own === 0 || Number(own) > Number(download.value))
    assign(work, swiftTime, download);
}

/** What a store cannot do without. Left out, it is refused under the name that people would set it by. */
function nameMissing(work: Work): void {
  const { values } = work;
  const isOn = (kind: string) => values.get(`sources.${kind}.enabled`) === true;
  if (isOn('abs') && !values.has('sources.abs.accountName') && !values.has('sources.abs.endpoint'))
    assign(work, 'sources.abs.accountName', { value: '', origin: `${prefix}ABS_NAME` });
  if (isOn('swift') && !values.has('sources.swift.authUrl'))
    assign(work, 'sources.swift.authUrl', { value: '', origin: `${prefix}SWIFT_AUTH_URL` });
}

/** imgproxy's manual has long named two variables with two letters swapped, and people have copied them. */
function readMisspelt(work: Work): void {
  const { env, values } = work;
  for (const name of ['SWIFT_CONNECT_TIMEOUT_SECONDS', 'SWIFT_TIMEOUT_SECONDS']) {
    const misspelt = `IMGRPOXY_${name}`;
    const written = env[misspelt] ?? '';
    const path = objectVariables.find((variable) => variable.name === name)?.to[0] ?? '';
    if (written === '' || (env[prefix + name] ?? '') !== '' || values.has(path)) continue;
    const reading = whole({ least: 0 })(written);
    if ('value' in reading) assign(work, path, { value: reading.value, origin: misspelt });
    else work.problems.push(complaint(name, reading.expected, written).replace(prefix, 'IMGRPOXY_'));
  }
}
