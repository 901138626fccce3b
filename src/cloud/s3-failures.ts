/** Failures of the AWS SDK and of S3 services, told apart here and nowhere else. */

/**
 * - `missing`: no such object, version or bucket
 * - `denied`: understood, and not allowed to these credentials
 * - `refused`: any other 4xx: a key too long, an archived object
 * - `misconfigured`: ours to repair: no credentials, or wrong or expired ones; wrong region; clocks apart
 * - `failed`: 5xx, "slow down", an answer that is no S3
 * - `timeout`, `unreachable`: no answer, no connection
 * - `exhausted`: this machine has no descriptor or buffer left
 */
export type S3FailureKind =
  | 'not-modified'
  | 'changed'
  | 'missing'
  | 'denied'
  | 'refused'
  | 'misconfigured'
  | 'failed'
  | 'timeout'
  | 'unreachable'
  | 'exhausted';

export interface S3Failure {
  readonly kind: S3FailureKind;
  /** For the log: the service's code and words. */
  readonly detail: string;
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** The service's own word for it, when it is one of those we know. */
  readonly code?: string;
}

/** Codes by https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; others go by their status. */
const kindByCode: Readonly<Record<string, S3FailureKind>> = {
  NoSuchKey: 'missing',
  NoSuchVersion: 'missing',
  NoSuchBucket: 'missing',
  NotFound: 'missing',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  Forbidden: 'denied',
  NotModified: 'not-modified',
  PreconditionFailed: 'changed',
  InvalidAccessKeyId: 'misconfigured',
  SignatureDoesNotMatch: 'misconfigured',
  ExpiredToken: 'misconfigured',
  ExpiredTokenException: 'misconfigured',
  InvalidToken: 'misconfigured',
  TokenRefreshRequired: 'misconfigured',
  InvalidSecurity: 'misconfigured',
  NotSignedUp: 'misconfigured',
  RequestTimeTooSkewed: 'misconfigured',
  AuthorizationHeaderMalformed: 'misconfigured',
  IllegalLocationConstraintException: 'misconfigured',
  PermanentRedirect: 'misconfigured',
  TemporaryRedirect: 'misconfigured',
  CredentialsProviderError: 'misconfigured',
  TokenProviderError: 'misconfigured',
  EndpointError: 'misconfigured',
  SlowDown: 'failed',
  RequestTimeout: 'timeout',
  TimeoutError: 'timeout',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'unreachable',
  EPIPE: 'unreachable',
  EMFILE: 'exhausted',
  ENFILE: 'exhausted',
  ENOBUFS: 'exhausted',
};

/** Statuses of answers whose code says nothing: HEAD has no body, and a proxy in between speaks its own language. */
function kindByStatus(status: number): S3FailureKind {
  if (status === 304) return 'not-modified';
  if (status === 412) return 'changed';
  if (status === 404 || status === 410) return 'missing';
  if (status === 403) return 'denied';
  if (status === 401 || (status >= 300 && status < 400)) return 'misconfigured';
  if (status === 408) return 'timeout';
  return status >= 400 && status < 500 && status !== 429 ? 'refused' : 'failed';
}

interface Facts {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
}

function factsOf(thrown: unknown): Facts {
  if (!(thrown instanceof Error)) return { name: '', code: '', message: String(thrown), status: undefined };
  const code = 'code' in thrown ? thrown.code : undefined;
  const Code = 'Code' in thrown ? thrown.Code : undefined;
  const metadata = '$metadata' in thrown ? thrown.$metadata : undefined;
  const response = '$response' in thrown ? thrown.$response : undefined;
  return {
    name: thrown.name,
    code: [code, Code].find((each) => typeof each === 'string') ?? '',
    message: thrown.message,
    status: numberAt(metadata, 'httpStatusCode') ?? numberAt(response, 'statusCode'),
  };
}

function numberAt(holder: unknown, name: string): number | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  const value: unknown = Reflect.get(holder, name);
  return typeof value === 'number' && value > 0 ? value : undefined;
}

const isSystemCode = (code: string): boolean => /^E[A-Z]+$/.test(code);

/** What went wrong, from anything the SDK throws before the head of an answer is here. */
export function s3FailureOf(thrown: unknown): S3Failure {
  const { name, code, message, status } = factsOf(thrown);
  // The SDK calls broken connections TimeoutError too: the code of the system says which it is.
  const words = isSystemCode(code) ? [code, name] : [name, code];
  const known = words.find((each) => Object.hasOwn(kindByCode, each));
  const detail = [name === 'Error' ? code : name, message, status === undefined ? '' : `status ${status}`]
    .filter((part) => part !== '')
    .join(': ')
    .slice(0, 400);
  if (known !== undefined)
    return { kind: kindByCode[known]!, detail, code: known, ...(status === undefined ? {} : { status }) };
  // A status below 400 with an error means an answer that could not be read: no S3.
  if (status !== undefined) return { kind: status < 300 ? 'failed' : kindByStatus(status), detail, status };
  return { kind: code === '' && name !== 'AggregateError' ? 'failed' : 'unreachable', detail };
}
