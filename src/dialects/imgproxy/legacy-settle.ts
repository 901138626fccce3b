import { decimal } from './legacy-reading.ts';
import { assign, complaint, namesSet, prefix, read, type Work } from './legacy-work.ts';
import { proOptions } from './v4-pro.ts';

/**
 * imgproxy compares the pixels of all frames with MAX_SRC_RESOLUTION, or one frame's with
 * MAX_ANIMATION_FRAME_RESOLUTION where that is set. We bound one frame and all of them.
 */
export function settleLimits(work: Work): void {
  const { values, origins, notices } = work;
  const perFrame = read(work, 'MAX_ANIMATION_FRAME_RESOLUTION', decimal({ least: 0 }));
  const frames = Number(values.get('settings.maxAnimationFrames') ?? 1);
  const ofAll =
    Number(perFrame ?? 0) > 0
      ? {
          value: Math.round(Number(perFrame) * 1e6) * frames,
          origin: namesSet(work, 'MAX_ANIMATION_FRAME_RESOLUTION', 'MAX_ANIMATION_FRAMES'),
        }
      : { value: values.get('limits.maxPixels'), origin: origins.get('limits.maxPixels') ?? null };
  assign(work, 'limits.maxFramePixels', ofAll);
  // URLs may ask for more frames than those that say nothing get; their pixels stay bounded.
  if (values.get('settings.allowSecurityOptions') === true && values.has('limits.maxFrames')) {
    assign(work, 'limits.maxFrames', { value: 0, origin: namesSet(work, 'ALLOW_SECURITY_OPTIONS') });
  }
  if (values.get('limits.maxSourceBytes') === 0) {
    values.delete('limits.maxSourceBytes');
    origins.delete('limits.maxSourceBytes');
    notices.push(
      `${prefix}MAX_SRC_FILE_SIZE=0: there is always a bound; set PICTOR_LIMITS_MAX_SOURCE_BYTES to raise it`,
    );
  }
  if (values.get('admission.processQueue') === 0) {
    values.delete('admission.processQueue');
    origins.delete('admission.processQueue');
    notices.push(
      `${prefix}REQUESTS_QUEUE_SIZE=0: there is always a bound; set PICTOR_ADMISSION_PROCESS_QUEUE to raise it`,
    );
  }
}

/** Times and counts that follow from others. */
export function settleTimes(work: Work): void {
  const { values, origins, flags, v1, problems } = work;
  const originOf = (path: string) => origins.get(path) ?? null;
  if (v1 && values.get('settings.ttlSeconds') === 0)
    problems.push(complaint('TTL', 'a whole number greater than 0', '0'));
  if (v1 && values.get('server.maxConnections') === 0) {
    problems.push(complaint('MAX_CLIENTS', 'a whole number greater than 0', '0'));
  }
  if (!values.has('server.shutdownTimeoutSeconds')) {
    const value = 2 * Number(values.get('engine.timeoutSeconds'));
    assign(work, 'server.shutdownTimeoutSeconds', { value, origin: originOf('engine.timeoutSeconds') });
  }
  // One limit over the whole download, as the original had it: no shorter one of ours may cut in.
  for (const part of ['connectTimeoutSeconds', 'headersTimeoutSeconds', 'idleTimeoutSeconds']) {
    const whole = 'sources.http.timeoutSeconds';
    assign(work, `sources.http.${part}`, { value: values.get(whole), origin: originOf(whole) });
  }
  const agent = values.get('sources.http.userAgent');
  if (typeof agent === 'string') {
    values.set('sources.http.userAgent', agent.replaceAll('%current_version', flags.version ?? ''));
  }
}

/** Its clients, balancers and monitors may count on it. Whoever writes a configuration of ours gets what HTTP means by HEAD. */
export function settleHead(work: Work): void {
  if (!work.v1) assign(work, 'settings.fixedHead', { value: true, origin: null });
}

/** Options that are listed as allowed and can do nothing here. */
export function tellProOptions({ values, notices }: Work): void {
  const listed = (values.get('settings.allowedProcessingOptions') ?? []) as readonly string[];
  const pro = listed.filter((name) => proOptions.has(name));
  if (pro.length > 0)
    notices.push(`${prefix}ALLOWED_PROCESSING_OPTIONS: ${pro.join(', ')} belong to imgproxy Pro`);
}

/** Hosts the operator named count as allowed wherever they resolve to; what is risky is said. */
export function nameTrustedHosts(work: Work): void {
  const { values, notices } = work;
  const sources = (values.get('settings.allowedSources') ?? []) as readonly string[];
  const base = values.get('settings.baseUrl');
  const named = [...(typeof base === 'string' ? [base] : []), ...sources]
    .map(hostNamed)
    .filter((host) => host !== null);
  if (named.length > 0) {
    const origin = namesSet(work, 'BASE_URL', 'ALLOWED_SOURCES');
    assign(work, 'sources.http.allowedHosts', { value: [...new Set(named)], origin });
  }
  for (const pattern of sources) {
    if (/^https?:\/\/[^/]*$/i.test(pattern)) {
      notices.push(
        `${prefix}ALLOWED_SOURCES: end ${pattern} with a slash, or it also fits longer host names`,
      );
    }
  }
  if (values.get('sources.file.root') === '/')
    notices.push(`${prefix}LOCAL_FILESYSTEM_ROOT=/ makes every readable image public`);
  if (values.get('settings.cookiePassthroughAll') === true && sources.length === 0) {
    notices.push(
      `${prefix}COOKIE_PASSTHROUGH_ALL: cookies go wherever a URL points; name your own sites in ${prefix}ALLOWED_SOURCES`,
    );
  }
  if (values.get('sources.http.insecureTls') === true) {
    notices.push(`${prefix}IGNORE_SSL_VERIFICATION: anyone on the way can replace the sources`);
  }
}

function hostNamed(url: string): string | null {
  if (!/^https?:\/\/[^*/]+(\/|$)/i.test(url) || !URL.canParse(url)) return null;
  return new URL(url).host;
}
