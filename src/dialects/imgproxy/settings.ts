import * as z from 'zod';
import { decodeHex } from '../../lib/hex.ts';
import { writableFormats } from './format-names.ts';
import { presetProblems } from './presets.ts';
import { isOptionName } from './v4-options.ts';

/** Bytes written as hexadecimal text, masked wherever configuration is shown. */
const hexBytes = () =>
  z
    .string()
    .transform((text, context) => {
      const bytes = decodeHex(text.trim());
      if (bytes !== null && bytes.length > 0) return bytes;
      context.addIssue({ code: 'custom', message: 'expected bytes as an even number of hexadecimal digits' });
      return z.NEVER;
    })
    .meta({ secret: true, syntax: 'hexadecimal' });

const signingKey = z.strictObject({
  key: hexBytes().describe('HMAC key.'),
  salt: hexBytes().describe('Put before the path when it is signed.'),
});

const onOff = (value: boolean) => z.boolean().default(value);
const percent = () => z.number().int().min(1).max(100);
const formatNames = () => z.array(z.enum(writableFormats));
const knownFormats = () => z.array(z.enum([...writableFormats, 'svg']));
const negotiable = () => z.array(z.enum(['jxl', 'avif', 'webp'])).default([]);

const httpUrl = () =>
  z.string().refine((text) => text === '' || (/^https?:\/\//i.test(text) && URL.canParse(text)), {
    error: 'expected an http or https URL',
  });
/** Bytes in base64, checked when the server starts; too long to be shown. */
const assetData = () => z.string().default('').meta({ syntax: 'base64' });
/** May carry a password. */
const assetUrl = () => httpUrl().default('').meta({ syntax: 'https://host/image.png' });

const fields = {
  compat: z
    .enum(['v4', 'v1'])
    .default('v4')
    .describe(
      'Whose statuses, texts and defaults are given. Paths of both versions are understood in both modes.',
    ),

  keys: z
    .array(signingKey)
    .default([])
    .describe(
      'Key and salt pairs, in hexadecimal; any pair may have signed a URL. Empty: URLs need no signature.',
    ),
  signatureSize: z
    .number()
    .int()
    .min(1)
    .max(32)
    .default(32)
    .describe('Leading bytes of the signature that are given and compared.'),
  trustedSignatures: z
    .array(z.string().min(1))
    .default([])
    .meta({ secret: true })
    .describe('Texts accepted in place of a signature.'),
  secret: z
    .string()
    .min(1)
    .optional()
    .meta({ secret: true })
    .describe('Requests must carry `Authorization: Bearer {secret}`.'),
  allowOrigin: z.string().min(1).optional().describe('Sends CORS headers with this origin.'),
  allowedSources: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Prefixes a source URL, and every redirect from it, must begin with; `*` stands for any run without `/`. End host names with `/`. Empty: all.',
    ),

  baseUrl: z
    .string()
    .default('')
    .describe('Put before source URLs: in v4 mode where they do not begin with it, in v1 mode always.'),
  argumentsSeparator: z
    .string()
    .min(1)
    .default(':')
    .describe('Text between the name of an option and its arguments.'),
  base64UrlIncludesFilename: onOff(false).describe(
    'The last part of a base64 source is a file name for the eye and is left out.',
  ),
  allowedProcessingOptions: z
    .array(z.string().refine(isOptionName, { error: 'expected the name of an option, as URLs spell it' }))
    .default([])
    .describe('Options that URLs may use, as they are spelled there. Empty: all.'),

  allowSecurityOptions: onOff(false).describe(
    'Let URLs set bounds of their own: `max_src_resolution` and its like. Only where URLs are signed.',
  ),
  presets: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .meta({ syntax: '{ name: "rs:fill:300:200/q:70" }' })
    .describe(
      'Options by name, for `preset:{name}` in URLs. They may use options that URLs may not. `default` comes before the options of every URL.',
    ),
  onlyPresets: onOff(false).describe(
    'URLs name presets and nothing else: `/{signature}/{preset}:{preset}/{source}`.',
  ),
  urlReplacements: z
    .array(
      z.strictObject({
        pattern: z.string().min(1).describe('Text a source begins with; `*` stands for any run without `/`.'),
        replacement: z.string().describe('What is put there; `${1}` is what the first `*` stood for.'),
      }),
    )
    .default([])
    .describe('Changes to sources, made in this order before `baseUrl` is put in front of them.'),
  sourceUrlQuerySeparator: z
    .string()
    .default('?')
    .describe('What follows it in a `local:` source is the version, and left out. Empty: nothing is.'),

  ttlSeconds: z
    .number()
    .nonnegative()
    .optional()
    .meta({ syntax: 'seconds' })
    .describe('Age sent to clients. Absent: 31536000; in v1 mode 3600. 0: `no-cache`.'),
  cacheControlPassthrough: onOff(false).describe(
    "Send the source's Cache-Control or Expires instead, where it has one.",
  ),
  obeyPrivate: onOff(true).describe(
    'Send `private, no-store` with images whose source says `private` or `no-store`, whatever the age. imgproxy does not look.',
  ),
  useEtag: z.boolean().optional().describe('Send and answer ETag. Absent: true; in v1 mode false.'),
  useLastModified: z
    .boolean()
    .optional()
    .describe("Send and answer the source's Last-Modified. Absent: true; in v1 mode false."),
  gzipLevel: z.number().int().min(0).max(9).default(0).describe('Gzip level for bodies of images; 0: off.'),

  quality: percent()
    .default(80)
    .describe('Quality where neither URL nor `formatQuality` says otherwise, 1 to 100.'),
  formatQuality: z
    .record(z.string(), percent())
    .optional()
    .describe('Quality by format name. Absent: webp 79, avif 63, jxl 77; in v1 mode none.'),
  preferredFormats: formatNames()
    .min(1)
    .default(['jpeg', 'png', 'gif'])
    .describe(
      'Formats to choose from when the URL names none: the one of the source, else the first that can hold the image.',
    ),
  autoFormats: negotiable().describe(
    'Formats given when the URL names none and the Accept header lists them.',
  ),
  enforceFormats: negotiable().describe(
    'Formats given whatever the URL says when the Accept header lists them.',
  ),
  skipProcessingFormats: knownFormats()
    .default([])
    .describe('Formats handed over as they come when the URL names no other one.'),
  alwaysRasterizeSvg: onOff(false).describe(
    'Draw SVG sources also when the URL names no format; otherwise they are handed over.',
  ),
  sanitizeSvg: onOff(true).describe('Take scripts and foreign references out of SVG that is handed over.'),
  maxAnimationFrames: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Frames kept of an animation; 1: animations become stills. Absent: as many as `limits.maxFrames` allows; in v1 mode 1.',
    ),
  maxResultDimension: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe('Longest side of a result in pixels; a larger one is shrunk to it. 0: no bound.'),

  autoRotate: onOff(true).describe('Turn the image as its EXIF orientation says.'),
  stripMetadata: z
    .boolean()
    .optional()
    .describe('Leave out EXIF, XMP and IPTC. Absent: true; in v1 mode true except for PNG.'),
  keepCopyright: onOff(true).describe('Keep copyright and artist while stripping.'),
  stripColorProfile: onOff(true).describe('Convert to sRGB and leave out the colour profile.'),
  preserveHdr: onOff(false).describe('Keep 16 bits per channel where the output can hold them.'),

  enforceThumbnail: onOff(false).describe('Work from the thumbnail inside HEIC and AVIF sources.'),

  jpegProgressive: onOff(false).describe('Write progressive JPEG.'),
  pngInterlaced: onOff(false).describe('Write interlaced PNG.'),
  pngQuantize: onOff(false).describe('Write PNG with a palette.'),
  pngQuantizationColors: z
    .number()
    .int()
    .min(2)
    .max(256)
    .default(256)
    .describe('Colours of that palette, 2 to 256.'),
  webpEffort: z
    .number()
    .int()
    .min(1)
    .max(6)
    .optional()
    .describe("Effort of the WebP encoder, 1 to 6. Absent: pictor's own default."),
  webpPreset: z
    .enum(['default', 'photo', 'picture', 'drawing', 'icon', 'text'])
    .default('default')
    .describe('Kind of picture the WebP encoder is tuned for.'),
  avifSpeed: z
    .number()
    .int()
    .min(0)
    .max(9)
    .optional()
    .describe("Speed of the AVIF encoder, 0 (slow) to 9. Absent: pictor's own default."),

  jxlEffort: z
    .number()
    .int()
    .min(1)
    .max(9)
    .optional()
    .describe("Effort of the JPEG XL encoder, 1 to 9. Absent: pictor's own default."),

  etagBuster: z
    .string()
    .regex(/^[\x21\x23-\x2e\x30-\x7e]*$/, 'expected visible ASCII without quotes and slashes')
    .default('')
    .describe('Put before every ETag in v4 mode; another text makes clients fetch everything anew.'),
  lastModifiedBuster: z.iso
    .datetime({ offset: true, error: 'expected a date and time, for instance 2025-06-01T00:00:00Z' })
    .optional()
    .meta({ syntax: 'RFC 3339 date' })
    .describe('Earliest Last-Modified sent in v4 mode; a later date makes clients fetch everything anew.'),
  canonicalHeader: onOff(false).describe('Send `Link: <source>; rel="canonical"` with http sources.'),
  debugHeaders: onOff(false).describe(
    'Send sizes of source and result as X-Origin-Width, X-Result-Width and so on.',
  ),
  returnAttachment: onOff(false).describe(
    'Have browsers save images instead of showing them, where the URL does not say otherwise.',
  ),
  clientHints: onOff(false).describe('Take width and dpr from the client hints, where the URL says none.'),
  cookiePassthrough: onOff(false).describe(
    "Send the client's cookies to sources at `cookieBaseUrl`, or without one at the host the client asked. Such answers are kept for nobody else.",
  ),
  cookiePassthroughAll: onOff(false).describe(
    "Send the client's cookies to every source: only where all of them are yours.",
  ),
  cookieBaseUrl: httpUrl().default('').describe('The site whose sources get the cookies.'),

  watermarkData: assetData().describe('Watermark image, in base64.'),
  watermarkPath: z.string().default('').describe('File of the watermark image, where no data is given.'),
  watermarkUrl: assetUrl().describe('URL of the watermark image, where neither data nor file is given.'),
  watermarkOpacity: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('Multiplied with the opacity a URL asks for, up to 1.'),

  fallbackImageData: assetData().describe(
    'Image shown when a source cannot be fetched or is no image, in base64.',
  ),
  fallbackImagePath: z.string().default('').describe('File of that image, where no data is given.'),
  fallbackImageUrl: assetUrl().describe('URL of that image, where neither data nor file is given.'),
  fallbackImageStatus: z
    .union([z.literal(0), z.number().int().min(200).max(599)])
    .default(200)
    .describe('Status it is sent with; 0: that of the error it stands for.'),
  fallbackImageTtlSeconds: z
    .number()
    .int()
    .nonnegative()
    .default(60)
    .meta({ syntax: 'seconds' })
    .describe('Age it is sent with, at most. 0: as any image.'),

  healthCheckPath: z.string().default('').describe('A further path that is answered like `/health`.'),
  serverName: z.string().default('imgproxy').describe('The Server header in v4 mode; empty: none.'),
  fixedHead: onOff(false).describe(
    'In v4 mode, answer HEAD with 200 to anything, as imgproxy does; else as GET, without the body.',
  ),
  developmentErrors: onOff(false).describe('Show clients the details of errors. For development only.'),
};

/**
 * Settings of a mount that speaks imgproxy's URLs. Fields without a default depend on `compat`: what they mean when
 * they are absent stands in `modes` (rules.ts). Presets are tried out, so that no URL meets a broken one.
 */
export const imgproxySettings = z.strictObject(fields).superRefine((settings, context) => {
  for (const { name, message } of presetProblems(settings)) {
    context.addIssue({ code: 'custom', path: ['presets', name], message });
  }
});

/** Validated settings of a mount: keys are bytes, mode-bound fields may be absent. */
export type ImgproxySettings = z.infer<typeof imgproxySettings> & {
  /** URIs of the mount's own pictures by name (`watermark`, `fallback`), once the server has read them. */
  readonly assets?: Readonly<Record<string, string>>;
};
