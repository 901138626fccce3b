import type { FastifyError, FastifyInstance } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { asPictorError, type ErrorCode, errorCatalogue, PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';

/** Every failure as JSON with the id of the request; those that an operator should hear of are told. */
export function answerFailures(app: FastifyInstance, emit: EmitEvent): void {
  app.setNotFoundHandler((_, reply) => reply.send(new PictorError('NOT_FOUND', { reason: 'no such path' })));
  app.setErrorHandler<FastifyError>((thrown, request, reply) => {
    const refused = refusalOf(thrown);
    const error = refused?.error ?? asPictorError(thrown);
    const { code, message, reason, retryAfterSeconds } = error;
    const { status, report } = errorCatalogue[code];
    if (report) tell(emit, error, request.id);
    if (code === 'TOKEN_INVALID') void reply.header('WWW-Authenticate', 'Bearer realm="pictor"');
    if (retryAfterSeconds !== undefined)
      void reply.header('Retry-After', String(Math.ceil(retryAfterSeconds)));
    return reply
      .code(refused?.status ?? status)
      .type('application/json; charset=utf-8')
      .serializer((payload: unknown) => JSON.stringify(payload))
      .send({ error: { code, message, ...(reason === undefined ? {} : { reason }), requestId: request.id } });
  });
}

interface Refusal {
  readonly status: number;
  readonly error: PictorError;
}

const codes: Readonly<Record<number, ErrorCode>> = {
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'UPLOAD_TOO_LARGE',
};

/** What Fastify and the schemas refuse; null: it is none of that. */
function refusalOf(thrown: FastifyError): Refusal | null {
  if (thrown instanceof PictorError) return null;
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const problems = thrown.validation.map(({ instancePath, message = '' }) =>
      [instancePath.replaceAll('/', '.').replace(/^\./, ''), message]
        .filter((text) => text !== '')
        .join(': '),
    );
    return { status: 400, error: new PictorError('OPTION_INVALID', { reason: problems.join('; ') }) };
  }
  const { statusCode: status = 500, message: reason } = thrown;
  if (status < 400 || status >= 500) return null;
  return { status, error: new PictorError(codes[status] ?? 'OPTION_INVALID', { reason }) };
}

function tell(emit: EmitEvent, { code, detail, cause }: PictorError, requestId: string): void {
  const stack = code === 'INTERNAL' && cause instanceof Error ? { stack: cause.stack } : {};
  emit({
    type: 'notice',
    level: 'error',
    message: 'management request failed',
    facts: { requestId, code, detail, ...stack },
  });
}
