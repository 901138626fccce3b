import { Buffer } from 'node:buffer';
import { formatHttpDate } from '../lib/http-date.ts';
import type { MountPolicy, SourceValidatorRules } from '../request/dialect.ts';

/** What is known of a picture and of its source. Tags of ours are opaque text; those of sources are as they came. */
export interface ValidatorFacts {
  /** Ours: names the picture, opaque text without quotes. */
  readonly etag: string;
  readonly lastModified?: string | undefined;
  readonly sourceEtag?: string | undefined;
  /** HTTP date. */
  readonly sourceLastModified?: string | undefined;
  /** True: headers of the request had a say in which picture this URL gives. */
  readonly chosen?: boolean | undefined;
}

/** The validators an answer carries, and conditions are held against. */
export interface ShownValidators {
  /** Opaque text, for comparisons. */
  readonly tag?: string;
  /** Value of the ETag header. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** True: same tag, same bytes. A tag of the source says so of the source only. */
  readonly strong: boolean;
}

/**
 * Which validators a mount shows. Usually our own, which name the picture. With `sourceValidators` those of the source,
 * where it gives some and only the URL chose the picture: pictures that headers of the request chose (formats by Accept,
 * sizes by client hints) would all carry one and the same tag, and a client would be told that it holds what it does
 * not. Those carry our tags and no date.
 */
export function createValidators(
  policy: Pick<MountPolicy, 'etag' | 'lastModified' | 'sourceValidators'>,
): (facts: ValidatorFacts) => ShownValidators {
  const { sourceValidators: rules } = policy;
  return (facts) => {
    const shown = rules === undefined ? ourOwn(facts) : ofTheSource(facts, rules);
    return {
      strong: shown.strong,
      ...(policy.etag && shown.tag !== undefined ? { tag: shown.tag, etag: shown.etag! } : {}),
      ...(policy.lastModified && shown.lastModified !== undefined
        ? { lastModified: shown.lastModified }
        : {}),
    };
  };
}

function ourOwn({ etag, lastModified }: ValidatorFacts): ShownValidators {
  return {
    tag: etag,
    etag: `"${etag}"`,
    ...(lastModified === undefined ? {} : { lastModified }),
    strong: true,
  };
}

function ofTheSource(facts: ValidatorFacts, rules: SourceValidatorRules): ShownValidators {
  const { etagBuster, lastModifiedBuster = Number.NEGATIVE_INFINITY } = rules;
  const own = etagBuster === '' ? facts.etag : `${etagBuster}/${facts.etag}`;
  if (facts.chosen === true) return { tag: own, etag: `"${own}"`, strong: true };
  const modified = facts.sourceLastModified === undefined ? Number.NaN : Date.parse(facts.sourceLastModified);
  const lastModified = Number.isNaN(modified)
    ? {}
    : { lastModified: formatHttpDate(Math.max(modified, lastModifiedBuster)) };
  const given = facts.sourceEtag === undefined ? null : readTag(facts.sourceEtag);
  if (given === null) return { tag: own, etag: `"${own}"`, ...lastModified, strong: true };
  if (etagBuster === '') return { ...given, ...lastModified, strong: false };
  const busted = `${etagBuster}/${Buffer.from(facts.sourceEtag!, 'latin1').toString('base64url')}`;
  return { tag: busted, etag: `"${busted}"`, ...lastModified, strong: false };
}

/** RFC 9110 section 8.8.3. Tags without quotes, as some servers write them, get some. Null: no tag at all. */
function readTag(text: string): { readonly tag: string; readonly etag: string } | null {
  const quoted = /^(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/.exec(text);
  if (quoted !== null) return { tag: quoted[1]!, etag: text };
  return /^[\x21\x23-\x2b\x2d-\x7e]+$/.test(text) ? { tag: text, etag: `"${text}"` } : null;
}
