import { type S3FailureKind, s3FailureOf } from '../../cloud/s3-failures.ts';
import { type ErrorCode, PictorError } from '../../core/errors.ts';

const codes: Readonly<Record<S3FailureKind, ErrorCode>> = {
  missing: 'STORAGE_REFUSED',
  denied: 'STORAGE_REFUSED',
  refused: 'STORAGE_REFUSED',
  // Ours to repair, and over when it is: what is at hand may stand in meanwhile.
  misconfigured: 'STORAGE_FAILED',
  failed: 'STORAGE_FAILED',
  exhausted: 'STORAGE_FAILED',
  timeout: 'STORAGE_TIMEOUT',
  unreachable: 'STORAGE_UNREACHABLE',
  // Answers to questions that were not asked.
  'not-modified': 'STORAGE_FAILED',
  changed: 'STORAGE_FAILED',
};

/** What went wrong, by our catalogue; ours stay as they are. A missing bucket is STORAGE_REFUSED with upstreamStatus 404. */
export function s3StorageFailure(thrown: unknown): PictorError {
  if (thrown instanceof PictorError) return thrown;
  const { kind, detail, status } = s3FailureOf(thrown);
  const upstreamStatus = kind === 'missing' ? 404 : status;
  return new PictorError(codes[kind], {
    detail: `s3: ${detail}`,
    cause: thrown,
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
  });
}

/** Whether this says that there is no such object, which is an answer. A missing bucket is none. */
export function isMissingObject(thrown: unknown): boolean {
  const { kind, code } = s3FailureOf(thrown);
  return kind === 'missing' && code !== 'NoSuchBucket';
}
