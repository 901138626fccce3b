import fastifySwagger from '@fastify/swagger';
import Fastify, { type FastifyRequest, type RawServerDefault } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';
import type { ManagedMount, ManageOriginals } from '../../service/manage-originals.ts';
import type { Purging } from '../../service/purge.ts';
import { createRequestIds } from '../request-id.ts';
import { createAudit } from './audit.ts';
import { answerFailures } from './failures.ts';
import { addRoutes } from './routes.ts';
import { createTokens } from './tokens.ts';

export interface ManagementParts {
  readonly tokens: readonly string[];
  readonly mounts: readonly ManagedMount[];
  /** Null: no mount keeps originals. */
  readonly manage: ManageOriginals | null;
  readonly purging: Purging;
  readonly emit: EmitEvent;
  /** Aborted when the server stops: what goes on for long ends then. */
  readonly stopping: AbortSignal;
  /** Absent: one of its own. */
  readonly serverFactory?: (handler: (request: unknown, response: unknown) => void) => RawServerDefault;
}

const longestBody = 64 * 1024;

const headers = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
};

const description = `Looks after what pictor keeps: originals of mounts that take uploads, and copies in the caches.

Every request needs \`Authorization: Bearer TOKEN\`. Failures are JSON with \`code\`, \`message\` and \`requestId\`.`;

/** The management API, ready to be listened with. */
export async function createManagementApi(parts: ManagementParts) {
  const { tokens, emit, serverFactory } = parts;
  const idOf = createRequestIds();
  const who = createTokens(tokens);
  const app = Fastify({
    logger: false,
    bodyLimit: longestBody,
    genReqId: ({ headers }) => idOf(headers['x-request-id']),
    // Keys are text, whatever they look like.
    routerOptions: { maxParamLength: 1, caseSensitive: true, ignoreTrailingSlash: false },
    ...(serverFactory === undefined ? {} : { serverFactory: serverFactory as never }),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser('text/plain');
  answerFailures(app, emit);
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'pictor management API', version: '1', description },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  const audit = createAudit(emit);
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ ...headers, 'X-Request-ID': request.id });
    if (isOpen(request)) return;
    if (who(request.headers.authorization) !== null) return;
    audit.refused(request);
    throw new PictorError('TOKEN_INVALID');
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  addRoutes(app, {
    ...parts,
    audit: (request, change) => audit.changed(request, who(request.headers.authorization) ?? '', change),
  });
  await app.ready();
  return app;
}

/** The document tells nothing that is not in the manual. */
const isOpen = ({ url, method }: FastifyRequest): boolean => url === '/openapi.json' && method === 'GET';
