import * as z from 'zod';
import { decodeHex } from '../../lib/hex.ts';
import { GoUrlError, parseGoUrl } from './go-url.ts';
import { isHostList } from './hosts.ts';

const hexBytes = z.string().transform((text, context) => {
  const bytes = decodeHex(text.trim());
  if (bytes !== null && bytes.length > 0) return bytes;
  context.addIssue({ code: 'custom', message: 'expected bytes as an even number of hexadecimal digits' });
  return z.NEVER;
});

const signatureKey = z
  .strictObject({
    text: z.string().min(1).optional().meta({ secret: true }).describe('The key as text.'),
    hex: hexBytes
      .optional()
      .meta({ secret: true, syntax: 'hexadecimal' })
      .describe('The key in hexadecimal, for keys that are no text.'),
  })
  .refine(({ text, hex }) => (text === undefined) !== (hex === undefined), 'expected either text or hex');

const onOff = (value: boolean) => z.boolean().default(value);

const host = z
  .string()
  .refine(isHostList, 'expected a host: example.com, *.example.com, 192.0.2.1 or 192.0.2.0/24');

const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'expected the name of a header');

function isBaseUrl(text: string): boolean {
  if (text === '') return true;
  try {
    const { scheme, authority } = parseGoUrl(text);
    return /^https?$/.test(scheme) && authority !== null && authority !== '';
  } catch (thrown) {
    if (thrown instanceof GoUrlError) return false;
    throw thrown;
  }
}

/** Settings of a mount that speaks imageproxy's URLs. */
export const imageproxySettings = z.strictObject({
  keys: z
    .array(signatureKey)
    .default([])
    .describe(
      'HMAC keys; any of them may have signed a URL. With keys, hosts not on `allowHosts` need a signature.',
    ),
  requireOptionSignature: onOff(false).describe(
    'Take only signatures that cover the options too. Otherwise a signature of the URL alone allows any options, and `vu` does not bind.',
  ),
  allowHosts: z
    .array(host)
    .default([])
    .describe(
      'Hosts whose pictures may be asked for without a signature: name, *.name (and the name itself), address or CIDR. Empty, and no keys: all.',
    ),
  denyHosts: z
    .array(host)
    .default([])
    .describe('Hosts whose pictures are never given, signed or not, and where no redirect may lead.'),
  referrers: z
    .array(host)
    .default([])
    .describe('Hosts one of which the Referer header must name. Empty: no matter.'),
  baseUrl: z
    .string()
    .default('')
    .refine(isBaseUrl, 'expected an http or https URL')
    .describe('What relative source URLs are seen from. Absolute ones are always possible.'),
  contentTypes: z
    .array(z.string())
    .default(['image/*'])
    .describe('Media types that are given to clients; `*` stands for any run without `/`. Empty: all.'),
  scaleUp: onOff(false).describe('Let URLs ask for pictures larger than their source.'),
  passRequestHeaders: z
    .array(headerName)
    .default([])
    .describe('Headers of the client that go to the source.'),
  includeReferer: onOff(false).describe('Send the Referer header of the client to the source.'),
  passResponseHeaders: z
    .array(headerName)
    .default(['Cache-Control', 'Last-Modified', 'Expires', 'Etag', 'Link'])
    .describe(
      'Headers of the source that go to the client. Etag stands for the tag of the picture that is given.',
    ),
  minCacheSeconds: z
    .number()
    .nonnegative()
    .default(0)
    .meta({ syntax: 'seconds' })
    .describe('Least age pictures are given, whatever their source says.'),
  forceCache: onOff(false).describe('Keep pictures whose source says `private` or `no-store`.'),
  metrics: onOff(false).describe(
    'Show metrics at /metrics of the mount, under the names imageproxy had, to whoever can ask for pictures. Those of pictor are at `admin.bind`.',
  ),
  strictMethods: onOff(false).describe(
    'Answer 405 to methods other than GET, HEAD and OPTIONS. Otherwise every method counts as GET.',
  ),
});

/** Validated settings of a mount. */
export type ImageproxySettings = z.infer<typeof imageproxySettings>;
