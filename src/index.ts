/** Every public name of the package, each on purpose. The command line is the other way to use it. */
export {
  createImageServer,
  type ImageServerOptions,
  type ImageServerSettings,
} from './app/image-server.ts';
export type { Addresses, ImageServer } from './app/server.ts';
export { ConfigError, type Problem } from './config/problems.ts';
export { type ErrorCode, errorCatalogue, PictorError } from './core/errors.ts';
export type { AskedRequest, Verify } from './service/verify-request.ts';
