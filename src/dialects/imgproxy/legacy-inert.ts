/** Variables of imgproxy that are known and change nothing here. Names without `IMGPROXY_`; `*` ends a beginning. */

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
  'ENV_AWS_SECRET_*',
  'ENV_AWS_SSM_PARAMETERS_REGION',
  'ENV_GCP_*',
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

/** Settings of the Pro edition. */
export const pro = [
  'ADVANCED_COLOR_PROFILES_*',
  'ALLOWED_INFO_OPTIONS',
  'AUTOQUALITY_*',
  'AVIF_SUBSAMPLE',
  'BEST_FORMAT_*',
  'CACHE_BUCKET',
  'CACHE_KEY_*',
  'CACHE_PATH_PREFIX',
  'CACHE_USE',
  'CACHE_GCS_*',
  'CACHE_S3_*',
  'CACHE_ABS_*',
  'CACHE_SWIFT_*',
  'CACHE_LOCAL_*',
  'CLASSIFICATION_*',
  'COLOR_PROFILES_DIR',
  'CUSTOM_*',
  'ENABLE_VIDEO_THUMBNAILS',
  'FALLBACK_IMAGE_PREPROCESS_URL',
  'FALLBACK_IMAGES_CACHE_SIZE',
  'HEALTH_CHECK_MESSAGE',
  'INFO_*',
  'JPEG_NO_SUBSAMPLE',
  'JPEG_OPTIMIZE_SCANS',
  'JPEG_OVERSHOOT_DERINGING',
  'JPEG_QUANT_TABLE',
  'JPEG_TRELLIS_QUANT',
  'MAX_CHAINED_PIPELINES',
  'OBJECT_DETECTION_*',
  'PDF_*',
  'REQUEST_HEADERS_PASSTHROUGH',
  'RESIZING_ALGORITHM',
  'RESPONSE_HEADERS_PASSTHROUGH',
  'SMART_CROP_*',
  'SOURCE_URL_ENCRYPTION_KEY',
  'UNSHARP_MASKING_*',
  'VIDEO_*',
  'WATERMARK_PREPROCESS_URL',
  'WATERMARKS_CACHE_SIZE',
  'WEBP_COMPRESSION',
  'WEBP_SMART_SUBSAMPLE',
];

/** Places that hold variables which may be about keys: without them the server would be open. */
export const secretStores = ['ENV_AWS_SECRET_ID', 'ENV_AWS_SSM_PARAMETERS_PATH', 'ENV_GCP_SECRET_ID'];

const matches = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );

export type InertKind = 'secret store' | 'pointless' | 'pro';

/** Why a variable changes nothing; null when imgproxy has no such variable. */
export function inertKind(name: string): InertKind | null {
  if (matches(name, secretStores)) return 'secret store';
  if (matches(name, pro)) return 'pro';
  return matches(name, pointless) ? 'pointless' : null;
}

/** Variables that Kubernetes makes for a service called imgproxy: nobody set them. */
export const isServiceLink = (name: string): boolean =>
  /^(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)$/.test(name);
