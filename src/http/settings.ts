import * as z from 'zod';
import { byteSize, count, seconds, secretText } from '../core/settings.ts';
import { parseBind } from './bind.ts';
import { parseTrustedProxies } from './client-address.ts';

const bindText = z
  .string()
  .refine((text) => parseBind(text) !== null, {
    message: 'expected host:port, :port, [::1]:port or unix:/path',
  })
  .meta({ syntax: 'host:port, :port, [::1]:port or unix:/path' });

const certificateSettings = z
  .strictObject({
    certFile: z
      .string()
      .default('')
      .describe('PEM file with the certificate and its chain. Switches HTTPS on.'),
    keyFile: z
      .string()
      .default('')
      .describe(
        'PEM file with the private key of the certificate. Both files are read again when they change.',
      ),
    http2: z
      .boolean()
      .default(true)
      .describe('Offer HTTP/2 beside HTTP/1.1. Only with a certificate: browsers know no other.'),
  })
  .refine((tls) => (tls.certFile === '') === (tls.keyFile === ''), {
    message: 'certFile and keyFile are needed together',
  })
  .prefault({});

const plainSettings = z
  .strictObject({
    bind: z
      .union([z.literal(''), bindText])
      .default('')
      .describe('Where to listen without TLS as well, beside a `bind` with TLS. Empty: nowhere.'),
    redirect: z
      .boolean()
      .default(true)
      .describe('Answer there with redirects to HTTPS only. Off: with pictures, as everywhere.'),
    httpsPort: z
      .number()
      .check(z.int(), z.gte(0), z.lte(65_535))
      .default(0)
      .describe(
        'Port that redirects name, where clients reach HTTPS at another one than that of `bind`. 0: that of `bind`.',
      ),
  })
  .prefault({});

/**
 * One for four processors or so is best (docs/adr/0023-several-processes.md), and few machines have 256. Each is a whole server:
 * a slip of the keyboard must not fill a machine with them.
 */
const mostProcesses = 64;

/** The listener for pictures. */
export const serverSettings = z
  .strictObject({
    bind: bindText
      .default('127.0.0.1:8080')
      .describe(
        'Where to listen: host:port, :port for every interface, [::1]:port, or unix:/path. Port 0 takes a free one.',
      ),
    processes: z
      .number()
      .check(z.int(), z.gte(1), z.lte(mostProcesses))
      .default(1)
      .describe(
        `Processes that answer requests, all at the same address: ${mostProcesses} at most. More than one: for hits beyond what one processor core can answer; needs \`cache.dir\`, which they share. Bounds of other settings count for all together. Not those that transform images: \`engine.workers\`.`,
      ),
    maxConnections: count(10_000).describe(
      'Open connections. Further ones are closed as soon as they are accepted, so that a load balancer tries elsewhere. 0: no bound.',
    ),
    headersTimeoutSeconds: seconds(10).describe(
      'Time a client has for its TLS handshake, and for the head of a request. 0: no limit.',
    ),
    requestTimeoutSeconds: seconds(60).describe(
      'Time a client has to send a whole request, body included. 0: no limit.',
    ),
    idleTimeoutSeconds: seconds(75).describe(
      'A connection without a request is closed after this time. Longer than the same setting of a proxy in front. 0: never.',
    ),
    writeTimeoutSeconds: seconds(30).describe(
      'A client that takes nothing of its answer for this long is cut off; so is one that takes less than 1 KiB a second on the whole. 0: never.',
    ),
    shutdownDelaySeconds: seconds(0).describe(
      'Time after a signal to stop in which everything is still answered, while the probes say that the server stops: as long as a load balancer needs to notice.',
    ),
    shutdownTimeoutSeconds: seconds(20).describe(
      'Time that requests in flight have to finish when the server stops.',
    ),
    maxHeaderBytes: byteSize('32KiB').describe(
      'Size of the request line (the URL) and all headers together; more is answered 431.',
    ),
    tls: certificateSettings,
    plain: plainSettings,
    trustProxy: z
      .array(z.string())
      .refine((list) => parseTrustedProxies(list) !== null, {
        message: 'expected addresses or ranges (10.0.0.0/8), loopback, private, unix or *',
      })
      .default([])
      .describe(
        'Proxies that are believed: X-Forwarded-For for the client address in the log, X-Forwarded-Proto and X-Forwarded-Host for the URLs that uploads are answered with. Addresses, ranges such as 10.0.0.0/8, or the words loopback, private, unix, * (everyone).',
      ),
  })
  .refine(({ tls, plain }) => plain.bind === '' || tls.certFile !== '', {
    path: ['plain', 'bind'],
    message:
      'this is for a server whose bind has a certificate (server.tls.certFile); without one, bind is plain',
  });
export type ServerSettings = z.infer<typeof serverSettings>;

/** The listener for operators: probes and metrics. */
export const adminSettings = z.strictObject({
  bind: z
    .union([z.literal(''), bindText])
    .default('127.0.0.1:8081')
    .describe(
      'Where /probe/live, /probe/ready, /metrics and /version are answered. Not meant for the public. Empty: nowhere.',
    ),
  probes: z
    .enum(['plain', 'image-server'])
    .default('plain')
    .describe(
      'Answers to /probe/live and /probe/ready. plain: a word, and 503 where not ready. image-server: JSON, and 501 to both while stopping, as that server has it.',
    ),
});
export type AdminSettings = z.infer<typeof adminSettings>;

/** Short ones can be guessed. */
const shortestToken = 32;

/** The listener for those who look after originals and caches. */
export const managementSettings = z
  .strictObject({
    bind: z
      .union([z.literal(''), bindText])
      .default('')
      .describe(
        'Where the management API is answered. Empty: at 127.0.0.1:8082 as soon as there are tokens, else nowhere. Plain HTTP: before it leaves the machine, put a proxy with TLS in front.',
      ),
    tokens: z
      .array(
        secretText().min(
          shortestToken,
          `expected ${shortestToken} characters at least: openssl rand -hex 32`,
        ),
      )
      .default([])
      .describe(
        `Bearer tokens of the management API, ${shortestToken} characters at least each. Whoever has one may delete every original. None: there is no such API.`,
      ),
  })
  .refine(({ bind, tokens }) => bind === '' || tokens.length > 0, {
    path: ['bind'],
    message: 'the management API needs a token: set management.tokens as well',
  });
export type ManagementSettings = z.infer<typeof managementSettings>;
