/** Variables of imgproxy that are known and change nothing here. Names without `IMGPROXY_`; `*` ends a beginning. */

/** Things imgproxy does and pictor does not do yet. */
export const missing = [
  'PRESETS',
  'PRESETS_SEPARATOR',
  'PRESETS_PATH',
  'URL_REPLACEMENTS',
  'ALLOW_SECURITY_OPTIONS',
  'SKIP_PROCESSING_FORMATS',
  'ALWAYS_RASTERIZE_SVG',
  'SANITIZE_SVG',
  'ENFORCE_THUMBNAIL',
  'AUTO_JXL',
  'ENFORCE_JXL',
  'JXL_EFFORT',
  'USE_GCS',
  'GCS_*',
  'USE_ABS',
  'ABS_*',
  'USE_SWIFT',
  'SWIFT_*',
];

/** Things that have no counterpart: pictor works another way. */
export const pointless = [
  'SO_REUSEPORT',
  'FREE_MEMORY_INTERVAL',
  'LOG_MEM_STATS',
  'FAIL_ON_DEPRECATION',
  'REPORT_DOWNLOADING_ERRORS',
  'REPORT_IO_ERRORS',
  'DOWNLOAD_BUFFER_SIZE',
  'BUFFER_POOL_CALIBRATION_THRESHOLD',
  'USE_LINEAR_COLORSPACE',
  'DISABLE_SHRINK_ON_LOAD',
  'PNG_UNLIMITED',
  'SVG_UNLIMITED',
  'TIFF_UNLIMITED',
  'VIPS_LEAK_CHECK',
  'VIPS_CACHE_TRACE',
  'PROMETHEUS_NAMESPACE',
  'NEW_RELIC_*',
  'DATADOG_*',
  'OPEN_TELEMETRY_*',
  'CLOUD_WATCH_*',
  'BUGSNAG_*',
  'HONEYBADGER_*',
  'SENTRY_*',
  'AIRBRAKE_*',
  'SYSLOG_*',
];

/** Things whose absence would let requests through that the operator meant to stop. */
export const unsafe = ['ONLY_PRESETS', 'ENV_*'];

const matches = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );

/** Why a variable changes nothing; null when imgproxy has no such variable. */
export function inertKind(name: string): 'missing' | 'pointless' | 'unsafe' | null {
  if (matches(name, missing)) return 'missing';
  if (matches(name, pointless)) return 'pointless';
  return matches(name, unsafe) ? 'unsafe' : null;
}

/** Variables that Kubernetes makes for a service called imgproxy: nobody set them. */
export const isServiceLink = (name: string): boolean =>
  /^(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)$/.test(name);
