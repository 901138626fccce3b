/**
 * What can be uploaded. A `URL` is fetched by the server. A stream is sent as it comes where that works (Node, Deno, Bun);
 * browsers send streams over HTTP/2 only, so there it is collected first.
 */
export type UploadSource = Blob | Uint8Array | ArrayBuffer | ReadableStream<Uint8Array> | URL;

const inBrowser = (): boolean => 'document' in globalThis || 'WorkerGlobalScope' in globalThis;

/** The part of a fetch that carries these bytes. @param contentType wins over that of a Blob */
export async function sendableBody(
  source: Exclude<UploadSource, URL>,
  contentType: string | undefined,
): Promise<RequestInit> {
  const headers = contentType === undefined ? {} : { headers: { 'Content-Type': contentType } };
  if (!(source instanceof ReadableStream)) return { body: asBody(source), ...headers };
  if (inBrowser()) return { body: await new Response(source).blob(), ...headers };
  return { body: source, duplex: 'half', ...headers };
}

/** Bytes of shared memory cannot be sent: they might change meanwhile. */
const asBody = (source: Blob | Uint8Array | ArrayBuffer): Blob | Uint8Array<ArrayBuffer> | ArrayBuffer =>
  source instanceof Uint8Array ? new Uint8Array(source) : source;
