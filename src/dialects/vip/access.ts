import { compileGlob } from '../../lib/shell-glob.ts';
import type { Grant } from '../../request/dialect.ts';
import type { Call } from '../../request/storage.ts';
import type { VipSettings } from './settings.ts';

/** Who asks, and what the answer says of it. */
export interface Access {
  readonly grant: Grant;
  /** On every answer to this request, errors included. */
  readonly headers: Readonly<Record<string, string>>;
  /** True: a browser asks whether a page of an allowed origin may. */
  readonly preflight: boolean;
}

const corsHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'POST, GET, OPTIONS, PUT, DELETE',
  'Access-Control-Allow-Headers':
    'Accept, Content-Type, Content-Length, Accept-Encoding, X-Vip-Token, Authorization, X-Vip-Warmup',
};

/**
 * A page of an allowed origin needs no token, unless the settings want one of it too; everybody else needs the one there
 * is. Clients that are no browsers can claim any origin, so this is as good as the README of vip says and no better.
 */
export function accessOf({ method, headers }: Call, settings: VipSettings): Access {
  const allowed = isAllowed(originHost(headers['origin']), settings.allowedOrigins);
  const preflight = allowed && method === 'OPTIONS';
  const free = settings.token === '' || preflight || (allowed && !settings.requireToken);
  return {
    grant: free ? { type: 'none' } : { type: 'token', given: headers['x-vip-token'] ?? '' },
    headers: allowed ? corsHeaders : {},
    preflight,
  };
}

/** Without port; null where there is none, or nothing that can be read. */
function originHost(origin: string | undefined): string | null {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:\[([^\]]+)\]|([^:/?#@\s]+))(?::\d*)?\/?$/i.exec(origin ?? '');
  return match?.[1] ?? match?.[2] ?? null;
}

const isAllowed = (host: string | null, patterns: readonly string[]): boolean =>
  host !== null && patterns.some((pattern) => compileGlob(pattern)?.test(host) === true);
