import type { Bucket, BucketObject, ListedObject, ObjectFacts, ReadOptions } from '../../core/bucket.ts';
import { asPictorError, PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';
import { isTrouble, type RemoteHealth } from './remote-health.ts';

/** The other place of a mirrored bucket, asked only while it answers. */
export interface Remote {
  /** As `Bucket`. What may not be read counts as missing: without leave to list, S3 says so of what is missing. */
  get(key: string, options?: ReadOptions): Promise<BucketObject | null>;
  head(key: string, signal?: AbortSignal): Promise<ObjectFacts | null>;
  /** What can be changed there. Null: it is only read from. */
  readonly writable: {
    delete(key: string): Promise<void>;
    list(prefix: string): AsyncIterable<ListedObject>;
    listFrom?(prefix: string, after: string): AsyncIterable<ListedObject>;
  } | null;
}

export interface RemoteOptions {
  readonly reader: Pick<Bucket, 'get' | 'head'>;
  readonly writer: Bucket | null;
  readonly health: RemoteHealth;
  readonly emit: EmitEvent;
}

export function createRemote({ reader, writer, health, emit }: RemoteOptions): Remote {
  let deniedTold = false;

  /** Nothing is asked of a remote that is away, and what it answers tells whether it is. */
  async function ask<T>(question: () => Promise<T>): Promise<T> {
    health.check();
    try {
      const answer = await question();
      health.answered();
      return answer;
    } catch (thrown) {
      throw noted(thrown);
    }
  }

  function noted(thrown: unknown): PictorError {
    const error = asPictorError(thrown);
    if (isTrouble(error)) health.failed(error);
    else if (error.code === 'STORAGE_REFUSED') health.answered();
    return error;
  }

  async function look<T>(question: () => Promise<T | null>): Promise<T | null> {
    try {
      return await ask(question);
    } catch (thrown) {
      if (!(thrown instanceof PictorError) || thrown.upstreamStatus !== 403) throw thrown;
      if (!deniedTold) {
        const message = 'the bucket refuses to be read, or to say what is missing; that counts as missing';
        emit({ type: 'notice', level: 'warn', message, facts: { detail: thrown.detail } });
      }
      deniedTold = true;
      return null;
    }
  }

  return {
    get: (key, options) => look(() => reader.get(key, options)),
    head: (key, signal) => look(() => reader.head(key, signal)),
    writable:
      writer === null
        ? null
        : {
            delete: (key) => ask(() => writer.delete(key)),
            async *list(prefix) {
              health.check();
              try {
                yield* writer.list(prefix);
              } catch (thrown) {
                throw noted(thrown);
              }
            },
            ...(writer.listFrom === undefined
              ? {}
              : {
                  async *listFrom(prefix: string, after: string) {
                    health.check();
                    yield* writer.listFrom!(prefix, after);
                  },
                }),
          },
  };
}
