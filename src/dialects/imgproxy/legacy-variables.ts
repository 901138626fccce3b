import { formatNamed } from './format-names.ts';
import { objectVariables } from './legacy-objects.ts';
import { decimal, list, mapped, oneOf, type TextReader, text, truth, whole } from './legacy-reading.ts';
import { s3Variables } from './legacy-s3.ts';

/** A variable of imgproxy that has a counterpart here. */
export interface LegacyVariable {
  /** Without `IMGPROXY_`. */
  readonly name: string;
  /** Names it had in earlier versions. */
  readonly formerly?: readonly string[];
  readonly read: TextReader;
  /** Paths in our configuration; `mount.` is the one mount, `settings.` its settings. */
  readonly to: readonly string[];
}

const variable = (name: string, read: TextReader, ...to: string[]): LegacyVariable => ({ name, read, to });

const seconds = whole({ least: 0 });
const someSeconds = whole({ above: 0 });
const megapixels = mapped<number>(decimal({ above: 0 }), (value) => Math.round(value * 1e6));

const formats: TextReader = (value) => {
  const reading = list(value);
  const names = 'value' in reading ? (reading.value as string[]).map(formatNamed) : [];
  return names.includes(null) ? { expected: 'names of formats, separated by commas' } : { value: names };
};

/** `webp=79,avif=63`, over imgproxy's own defaults. */
const formatQuality: TextReader = (value) => {
  const qualities: Record<string, number> = { webp: 79, avif: 63, jxl: 77 };
  for (const part of value.split(',')) {
    const [name = '', quality = ''] = part.split('=').map((each) => each.trim());
    const format = formatNamed(name);
    const reading = whole({ least: 1, most: 100 })(quality);
    if (format === null || !('value' in reading))
      return { expected: 'format=quality pairs, for instance webp=79,avif=63' };
    qualities[format] = reading.value as number;
  }
  return { value: qualities };
};

/** `pattern=replacement;…`; the rest after a second `=` belongs to the replacement. */
const replacements: TextReader = (value) => {
  const read: { pattern: string; replacement: string }[] = [];
  for (const part of value.split(';').filter((each) => each !== '')) {
    const end = part.indexOf('=');
    if (end < 1) return { expected: 'pattern=replacement pairs with ; between them' };
    read.push({ pattern: part.slice(0, end), replacement: part.slice(end + 1) });
  }
  return { value: read };
};

/** `0` switched connection reuse off; the nearest we have is a very short one. */
const idleSeconds = mapped<number>(seconds, (value) => Math.max(value, 1));

const prefix = mapped<string>(text, (value) => (value.startsWith('/') ? value : `/${value}`));

/** imgproxy took 100 to 599; an answer that promises another one (1xx) is no answer. */
const status: TextReader = (value) => {
  const reading = whole({ least: 0, most: 599 })(value);
  if (!('value' in reading)) return reading;
  const code = Number(reading.value);
  return code === 0 || code >= 200 ? reading : { expected: '0, or a status from 200 to 599', bound: true };
};

const logFormat = mapped<string>(oneOf('pretty', 'structured', 'json', 'gcp'), (value) =>
  value === 'pretty' ? 'pretty' : 'json',
);

/** Variables that are read one by one. Keys, the listening address and negotiation need more than one: see legacy.ts. */
export const legacyVariables: readonly LegacyVariable[] = [
  variable('PATH_PREFIX', prefix, 'mount.prefix'),
  { ...variable('TIMEOUT', someSeconds, 'engine.timeoutSeconds'), formerly: ['WRITE_TIMEOUT'] },
  {
    ...variable(
      'READ_REQUEST_TIMEOUT',
      someSeconds,
      'server.requestTimeoutSeconds',
      'server.headersTimeoutSeconds',
    ),
    formerly: ['READ_TIMEOUT'],
  },
  variable('WRITE_RESPONSE_TIMEOUT', someSeconds, 'server.writeTimeoutSeconds'),
  variable('KEEP_ALIVE_TIMEOUT', idleSeconds, 'server.idleTimeoutSeconds'),
  variable('GRACEFUL_STOP_TIMEOUT', seconds, 'server.shutdownTimeoutSeconds'),
  variable('MAX_CLIENTS', whole({ least: 0 }), 'server.maxConnections'),
  { ...variable('WORKERS', whole({ above: 0 }), 'engine.workers'), formerly: ['CONCURRENCY'] },
  variable('REQUESTS_QUEUE_SIZE', whole({ least: 0 }), 'admission.processQueue'),
  variable('PROMETHEUS_BIND', text, 'admin.bind'),
  variable('LOG_FORMAT', logFormat, 'log.format'),
  variable('LOG_LEVEL', oneOf('debug', 'info', 'warn', 'error'), 'log.level'),

  variable('DOWNLOAD_TIMEOUT', someSeconds, 'sources.http.timeoutSeconds'),
  variable('CLIENT_KEEP_ALIVE_TIMEOUT', seconds, 'sources.http.keepAliveSeconds'),
  variable('MAX_REDIRECTS', whole({ least: 0 }), 'sources.http.maxRedirects'),
  variable('IGNORE_SSL_VERIFICATION', truth, 'sources.http.insecureTls'),
  variable('ALLOW_LOOPBACK_SOURCE_ADDRESSES', truth, 'sources.http.allowLoopback'),
  variable('ALLOW_LINK_LOCAL_SOURCE_ADDRESSES', truth, 'sources.http.allowLinkLocal'),
  variable('ALLOW_PRIVATE_SOURCE_ADDRESSES', truth, 'sources.http.allowPrivate'),
  variable('USER_AGENT', text, 'sources.http.userAgent'),
  variable('LOCAL_FILESYSTEM_ROOT', text, 'sources.file.root'),

  variable('MAX_SRC_RESOLUTION', megapixels, 'limits.maxPixels'),
  variable('MAX_SRC_DIMENSION', whole({ above: 0 }), 'limits.maxSide'),
  variable('MAX_SRC_FILE_SIZE', whole({ least: 0 }), 'limits.maxSourceBytes'),
  variable('MAX_ANIMATION_FRAMES', whole({ above: 0 }), 'settings.maxAnimationFrames', 'limits.maxFrames'),
  variable('MAX_RESULT_DIMENSION', whole({ least: 0 }), 'settings.maxResultDimension'),

  variable('SIGNATURE_SIZE', whole({ least: 1, most: 32 }), 'settings.signatureSize'),
  variable('TRUSTED_SIGNATURES', list, 'settings.trustedSignatures'),
  variable('SECRET', text, 'settings.secret'),
  variable('ALLOW_ORIGIN', text, 'settings.allowOrigin'),
  variable('ALLOWED_SOURCES', list, 'settings.allowedSources'),
  variable('ALLOWED_PROCESSING_OPTIONS', list, 'settings.allowedProcessingOptions'),
  variable('BASE_URL', text, 'settings.baseUrl'),
  variable('ARGUMENTS_SEPARATOR', text, 'settings.argumentsSeparator'),
  variable('URL_REPLACEMENTS', replacements, 'settings.urlReplacements'),
  variable('ALLOW_SECURITY_OPTIONS', truth, 'settings.allowSecurityOptions'),
  variable('ONLY_PRESETS', truth, 'settings.onlyPresets'),
  variable('BASE64_URL_INCLUDES_FILENAME', truth, 'settings.base64UrlIncludesFilename'),

  variable('TTL', seconds, 'settings.ttlSeconds'),
  variable('CACHE_CONTROL_PASSTHROUGH', truth, 'settings.cacheControlPassthrough'),
  variable('USE_ETAG', truth, 'settings.useEtag'),
  variable('USE_LAST_MODIFIED', truth, 'settings.useLastModified'),
  variable('GZIP_COMPRESSION', whole({ least: 0, most: 9 }), 'settings.gzipLevel'),
  variable('ETAG_BUSTER', text, 'settings.etagBuster'),
  variable('LAST_MODIFIED_BUSTER', text, 'settings.lastModifiedBuster'),
  variable('SET_CANONICAL_HEADER', truth, 'settings.canonicalHeader'),
  variable('ENABLE_DEBUG_HEADERS', truth, 'settings.debugHeaders'),
  variable('RETURN_ATTACHMENT', truth, 'settings.returnAttachment'),
  variable('ENABLE_CLIENT_HINTS', truth, 'settings.clientHints'),
  variable('COOKIE_PASSTHROUGH', truth, 'settings.cookiePassthrough'),
  variable('COOKIE_PASSTHROUGH_ALL', truth, 'settings.cookiePassthroughAll'),
  variable('COOKIE_BASE_URL', text, 'settings.cookieBaseUrl'),
  variable('WATERMARK_DATA', text, 'settings.watermarkData'),
  variable('WATERMARK_PATH', text, 'settings.watermarkPath'),
  variable('WATERMARK_URL', text, 'settings.watermarkUrl'),
  variable('WATERMARK_OPACITY', decimal({ above: 0, most: 1 }), 'settings.watermarkOpacity'),
  variable('FALLBACK_IMAGE_DATA', text, 'settings.fallbackImageData'),
  variable('FALLBACK_IMAGE_PATH', text, 'settings.fallbackImagePath'),
  variable('FALLBACK_IMAGE_URL', text, 'settings.fallbackImageUrl'),
  variable('FALLBACK_IMAGE_HTTP_CODE', status, 'settings.fallbackImageStatus'),
  variable('FALLBACK_IMAGE_TTL', seconds, 'settings.fallbackImageTtlSeconds'),
  variable('HEALTH_CHECK_PATH', text, 'settings.healthCheckPath'),
  variable('SERVER_NAME', text, 'settings.serverName'),
  variable('DEVELOPMENT_ERRORS_MODE', truth, 'settings.developmentErrors'),

  variable('QUALITY', whole({ least: 1, most: 100 }), 'settings.quality'),
  variable('FORMAT_QUALITY', formatQuality, 'settings.formatQuality'),
  variable('PREFERRED_FORMATS', formats, 'settings.preferredFormats'),
  variable('SKIP_PROCESSING_FORMATS', formats, 'settings.skipProcessingFormats'),
  variable('ALWAYS_RASTERIZE_SVG', truth, 'settings.alwaysRasterizeSvg'),
  variable('SANITIZE_SVG', truth, 'settings.sanitizeSvg'),
  variable('ENFORCE_THUMBNAIL', truth, 'settings.enforceThumbnail'),
  variable('AUTO_ROTATE', truth, 'settings.autoRotate'),
  variable('STRIP_METADATA', truth, 'settings.stripMetadata'),
  variable('KEEP_COPYRIGHT', truth, 'settings.keepCopyright'),
  variable('STRIP_COLOR_PROFILE', truth, 'settings.stripColorProfile'),
  variable('PRESERVE_HDR', truth, 'settings.preserveHdr'),
  variable('JPEG_PROGRESSIVE', truth, 'settings.jpegProgressive'),
  variable('PNG_INTERLACED', truth, 'settings.pngInterlaced'),
  variable('PNG_QUANTIZE', truth, 'settings.pngQuantize'),
  variable('PNG_QUANTIZATION_COLORS', whole({ least: 2, most: 256 }), 'settings.pngQuantizationColors'),
  variable('WEBP_EFFORT', whole({ least: 1, most: 6 }), 'settings.webpEffort'),
  variable(
    'WEBP_PRESET',
    oneOf('default', 'photo', 'picture', 'drawing', 'icon', 'text'),
    'settings.webpPreset',
  ),
  variable('AVIF_SPEED', whole({ least: 0, most: 9 }), 'settings.avifSpeed'),
  variable('JXL_EFFORT', whole({ least: 1, most: 9 }), 'settings.jxlEffort'),
  ...s3Variables,
  ...objectVariables,
];

/** Variables with a counterpart that legacy.ts reads itself. */
export const composedVariables: ReadonlySet<string> = new Set([
  'COMPAT',
  'KEY',
  'SALT',
  'BIND',
  'NETWORK',
  'PRESETS',
  'PRESETS_SEPARATOR',
  'PRESETS_PATH',
  'ENV_LOCAL_FILE_PATH',
  'MAX_ANIMATION_FRAME_RESOLUTION',
  'AUTO_WEBP',
  'AUTO_AVIF',
  'AUTO_JXL',
  'ENFORCE_WEBP',
  'ENFORCE_AVIF',
  'ENFORCE_JXL',
  'ENABLE_WEBP_DETECTION',
  'ENABLE_AVIF_DETECTION',
]);
