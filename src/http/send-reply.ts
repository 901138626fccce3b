import { Buffer } from 'node:buffer';
import type { HttpResponse, Reply } from './messages.ts';

/**
 * Writes a reply and ends the response. HEAD gets the headers of a GET, Content-Length included, without the body
 * (RFC 9110 section 9.3.2). A response that was already answered, or whose client has left, is left alone.
 * @returns body bytes handed to the socket
 */
export function sendReply(response: HttpResponse, reply: Reply, method: string): number {
  if (response.headersSent || response.writableEnded) return 0;
  const { status, headers, body } = reply;
  if (body === null) {
    response.writeHead(status, [...headers]);
    response.end();
    return 0;
  }
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  response.writeHead(status, [...headers, 'Content-Length', String(length)]);
  if (method === 'HEAD') {
    response.end();
    return 0;
  }
  response.end(body);
  return length;
}
