import { type HostPattern, parseHostPattern } from '../lib/host-pattern.ts';
import type { RequestTarget } from '../request/dialect.ts';

/** Where a mount lives. */
export interface MountPlace {
  /** Path it answers below, raw, e.g. `/img`; empty or `/`: everything. */
  readonly prefix: string;
  /** Hosts it answers for, exact (`img.example.com`) or `*.example.com`; empty: all. */
  readonly hosts: readonly string[];
}

/** A mount, and the request target below it. */
export interface MountMatch<M> {
  readonly mount: M;
  readonly target: RequestTarget;
}

interface Candidate<M> {
  readonly mount: M;
  readonly prefix: string;
  readonly patterns: readonly HostPattern[];
}

/**
 * Finds the mount of a request: the longest prefix wins; among equal prefixes one that names hosts wins over one that
 * takes all, then the one listed first. Prefixes are compared byte for byte and end at a segment boundary: `/img`
 * takes `/img`, `/img/a` and `/img?x`, never `/img-private`. Nothing is decoded or normalised, and no header but Host
 * is looked at (`X-Forwarded-Host` could be anyone's word).
 */
export function createMountMatcher<M extends MountPlace>(
  mounts: readonly M[],
): (rawTarget: string, host: string | undefined) => MountMatch<M> | null {
  const candidates = mounts.map(candidate).toSorted(moreSpecificFirst);
  return (rawTarget, host) => {
    const origin = rawTarget.startsWith('/') ? { target: rawTarget, host } : absoluteForm(rawTarget);
    if (origin === null) return null;
    const found = candidates.find(
      ({ prefix, patterns }) =>
        isBelow(origin.target, prefix) && (patterns.length === 0 || matchesHost(patterns, origin.host)),
    );
    if (found === undefined) return null;
    return { mount: found.mount, target: splitTarget(rawTarget, origin.target.slice(found.prefix.length)) };
  };
}

function candidate<M extends MountPlace>(mount: M): Candidate<M> {
  const patterns = mount.hosts.map(parseHostPattern).filter((pattern) => pattern !== null);
  if (patterns.length !== mount.hosts.length)
    throw new TypeError(`not a host pattern in: ${mount.hosts.join(', ')}`);
  return { mount, prefix: mount.prefix.replace(/\/+$/, ''), patterns };
}

/** The sort is stable: equals keep the order they are listed in. */
const moreSpecificFirst = (a: Candidate<unknown>, b: Candidate<unknown>): number =>
  b.prefix.length - a.prefix.length || Number(b.patterns.length > 0) - Number(a.patterns.length > 0);

function isBelow(target: string, prefix: string): boolean {
  if (!target.startsWith(prefix)) return false;
  const next = target.charAt(prefix.length);
  return next === '/' || next === '?' || next === '';
}

function splitTarget(raw: string, below: string): RequestTarget {
  const question = below.indexOf('?');
  if (question < 0) return { raw, path: below, query: '' };
  return { raw, path: below.slice(0, question), query: below.slice(question + 1) };
}

/** `GET http://host/path` (RFC 9112 section 3.2.2): its authority counts, the Host header does not. */
function absoluteForm(target: string): { readonly target: string; readonly host: string } | null {
  const match = /^https?:\/\/([^/?#]+)([/?].*)?$/is.exec(target);
  if (match === null) return null;
  const rest = match[2] ?? '/';
  return { host: match[1]!, target: rest.startsWith('/') ? rest : `/${rest}` };
}

/** A pattern with a port needs the port in the Host header: a bare host says nothing about it here. */
function matchesHost(patterns: readonly HostPattern[], host: string | undefined): boolean {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host ?? '');
  if (match === null || match[1] === '') return false;
  const place = { hostname: match[1]!, port: Number(match[2] ?? 0) };
  return patterns.some((pattern) => pattern.matches(place));
}
