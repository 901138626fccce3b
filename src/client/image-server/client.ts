import { escapePath, escapeQueryValue, trimBase } from '../escape.ts';
import { sendableBody, type UploadSource } from './body.ts';
import { ImageServerError } from './error.ts';
import { namespacePath, picturePath, type Variant, variantName } from './names.ts';
import { signUrl } from './sign-url.ts';

/** What one client works with. */
export interface ImageServerOptions {
  /** Address of the server: `https://images.example.com`. */
  readonly url: string;
  /** Namespace where a call names none. */
  readonly namespace?: string;
  /**
   * Signs requests, for servers with `--require-signature`. On a server of yours: a signing secret. In a browser: a function
   * that asks your own server for the signed URL of such a request, and gives it as `signUrl` made it.
   */
  readonly sign?: { readonly secret: string | Uint8Array; readonly ttlSeconds?: number } | SignRequest;
  /** Sign reads too, for servers with `--require-signature-for-reads`. Default false. */
  readonly signReads?: boolean;
  /** Default: the global one. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Gives the signed URL for a request. `path` has no escapes, and `base` is the address of the server. */
export type SignRequest = (request: {
  readonly method: string;
  readonly path: string;
  readonly base: string;
}) => Promise<string> | string;

/** Whose picture, and until when one waits. */
export interface CallOptions {
  readonly namespace?: string;
  readonly signal?: AbortSignal;
}

/** How a picture is sent. */
export interface UploadOptions extends CallOptions {
  /** Variants to make before the answer. Default: what the server makes of every upload. */
  readonly outputs?: readonly Variant[];
  /** Only matters for SVG (`image/svg+xml`). Default: that of a Blob. */
  readonly contentType?: string;
}

/** A stored original. The size is that of the picture held upright. */
export interface UploadedImage {
  readonly namespace: string;
  /** MD5 of its bytes, hexadecimal: its name from now on. */
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly contentType: string;
}

/** Talks to an image-server. Every call throws ImageServerError when it is refused or not answered. */
export interface ImageServerClient {
  /** Stores a picture; the same bytes twice are one picture. A `URL` is fetched by the server itself. */
  upload(source: UploadSource, options?: UploadOptions): Promise<UploadedImage>;
  /** Makes what is missing of these variants. */
  process(hash: string, outputs: readonly Variant[], options?: CallOptions): Promise<void>;
  /** Facts of a stored picture. */
  info(hash: string, options?: CallOptions): Promise<UploadedImage>;
  /** Puts any file beside a picture. */
  storeFile(hash: string, file: NamedFile, options?: CallOptions): Promise<void>;
  /** Address of a variant, unsigned. @throws TypeError for what is no hash, name or namespace */
  variantUrl(hash: string, variant: Variant, options?: Pick<CallOptions, 'namespace'>): string;
  /** The same for one who has to show a signature. */
  signedVariantUrl(hash: string, variant: Variant, options?: Pick<CallOptions, 'namespace'>): Promise<string>;
}

/** A file and the name it gets. */
export interface NamedFile {
  readonly name: string;
  readonly body: Exclude<UploadSource, URL>;
}

interface Outgoing {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly init?: RequestInit;
}

/** A client for one server. */
export function createImageServerClient(options: ImageServerOptions): ImageServerClient {
  const base = trimBase(options.url);
  const send = options.fetch ?? ((url, init) => fetch(url, init));

  const namespaceOf = (call: { readonly namespace?: string } = {}): string => {
    const namespace = call.namespace ?? options.namespace;
    if (namespace === undefined) throw new TypeError('a namespace is needed, with the call or the client');
    return namespace;
  };
  const fileOf = (hash: string, name: string, call?: CallOptions) =>
    `${picturePath(namespaceOf(call), hash)}/${name}`;

  async function signed(method: string, path: string): Promise<string> {
    const { sign } = options;
    if (sign === undefined) throw new TypeError('createImageServerClient was given nothing to sign with');
    return typeof sign === 'function'
      ? sign({ method, path, base })
      : signUrl({ ...sign, method, path, base });
  }

  async function ask({ method, path, query = {}, init = {} }: Outgoing): Promise<Response> {
    const isSigned = method === 'GET' ? options.signReads === true : options.sign !== undefined;
    const address = isSigned ? await signed(method, path) : base + escapePath(path);
    const response = await answerTo(() => send(withQuery(address, query), { ...init, method }), init.signal);
    if (response.ok) return response;
    throw new ImageServerError({ status: response.status, text: await textOf(response, init.signal) });
  }

  async function facts(namespace: string, request: Outgoing): Promise<UploadedImage> {
    const response = await ask(request);
    const text = await textOf(response, request.init?.signal);
    return readFacts({ namespace, status: response.status, text });
  }

  const client: ImageServerClient = {
    upload: async (source, call = {}) => {
      const namespace = namespaceOf(call);
      const path = namespacePath(namespace);
      const query = {
        ...(call.outputs === undefined ? {} : { outputs: listOf(call.outputs) }),
        ...(source instanceof URL ? { source: source.href } : {}),
      };
      const body = source instanceof URL ? {} : await sendableBody(source, call.contentType);
      return facts(namespace, { method: 'POST', path, query, init: { ...body, ...signalOf(call) } });
    },
    process: async (hash, outputs, call = {}) => {
      const path = fileOf(hash, 'process', call);
      await drained(ask({ method: 'POST', path, query: { outputs: listOf(outputs) }, init: signalOf(call) }));
    },
    info: async (hash, call = {}) =>
      facts(namespaceOf(call), {
        method: 'GET',
        path: fileOf(hash, 'info.json', call),
        init: signalOf(call),
      }),
    storeFile: async (hash, file, call = {}) => {
      const path = fileOf(hash, variantName(file.name), call);
      const body = await sendableBody(file.body, undefined);
      await drained(ask({ method: 'POST', path, init: { ...body, ...signalOf(call) } }));
    },
    variantUrl: (hash, variant, call) => base + escapePath(fileOf(hash, variantName(variant), call)),
    signedVariantUrl: async (hash, variant, call) => signed('GET', fileOf(hash, variantName(variant), call)),
  };
  return client;
}

const signalOf = ({ signal }: CallOptions): RequestInit => (signal === undefined ? {} : { signal });

const listOf = (outputs: readonly Variant[]): string => outputs.map(variantName).join(',');

function withQuery(address: string, query: Readonly<Record<string, string>>): string {
  const added = Object.entries(query).map(([name, value]) => `${name}=${escapeQueryValue(value)}`);
  return added.length === 0 ? address : `${address}${address.includes('?') ? '&' : '?'}${added.join('&')}`;
}

/** An abort stays what it is; any other failure to get an answer is one without status. */
async function answerTo<Got>(asking: () => Promise<Got>, signal: RequestInit['signal']): Promise<Got> {
  try {
    return await asking();
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ImageServerError({ status: 0, text: '', cause });
  }
}

const textOf = (response: Response, signal: RequestInit['signal']): Promise<string> =>
  answerTo(() => response.text(), signal);

/** Reads the body to its end, so that the connection can be used again. */
async function drained(asking: Promise<Response>): Promise<void> {
  const response = await asking;
  await textOf(response, undefined);
}

interface FactsText {
  readonly namespace: string;
  readonly status: number;
  readonly text: string;
}

/** @throws ImageServerError when the answer is no picture's facts: something else listens there */
function readFacts({ namespace, status, text }: FactsText): UploadedImage {
  const { hash, width, height, content_type: contentType } = readObject(text);
  if (
    typeof hash === 'string' &&
    typeof width === 'number' &&
    typeof height === 'number' &&
    typeof contentType === 'string'
  ) {
    return { namespace, hash, width, height, contentType };
  }
  throw new ImageServerError({ status, text });
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
