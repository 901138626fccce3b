import type { buildConnector } from 'undici';

/** `code` of the error of a connection that was reset (ECONNRESET before). */
export const connectionReset = 'CONNECTION_RESET';

/**
 * A body without length or chunks ends with its connection (RFC 9112 section 6.3), and undici takes a reset for such an
 * end. A reset is none: the body may be cut short. Under another code undici passes the error on.
 */
export function withVisibleResets(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      // Listeners run in the order they were added: this one before those of the protocol.
      socket.on('error', (failure: NodeJS.ErrnoException) => {
        if (failure.code === 'ECONNRESET') failure.code = connectionReset;
      });
      callback(null, socket);
    });
}
