import { asPictorError, PictorError } from '../../core/errors.ts';
import { readGoQuery } from '../../lib/go-query.ts';
import type { FixedReply } from '../../request/dialect.ts';
import type { Call, StorageTask } from '../../request/storage.ts';
import { failureTeller } from './failures.ts';
import { isAllowed, keepTask, notAvailable, processTask, showTask } from './files.ts';
import { jsonError, jsonReply, textError } from './json.ts';
import { keyOf } from './keys.ts';
import { parseFileName } from './names.ts';
import { originalKey } from './picture.ts';
import { escapedPath, findRoute, type Route, readPath } from './routes.ts';
import { urlTeller } from './rules.ts';
import type { ImageServerSettings } from './settings.ts';
import { checkSignedUrl } from './signing.ts';
import { uploadTask } from './upload.ts';

/** A task before its grant is known. */
type Work = WithoutGrant<StorageTask>;
type WithoutGrant<Task> = Task extends StorageTask ? Omit<Task, 'grant'> : never;

/** What a request wants: first its signature is looked at, then its path, then its parameters. */
export function taskOf(call: Call, settings: ImageServerSettings): StorageTask {
  const path = readPath(call.target.path);
  if (path === null) return { grant: { type: 'none' }, ...refused('URL_INVALID', badRequest) };
  const check = checkSignedUrl(call, path, settings);
  if ('refusal' in check) {
    const { error, reply } = check.refusal;
    return { grant: { type: 'none' }, task: 'refuse', error, voice: { failure: () => reply } };
  }
  return { grant: check.grant, ...workFor(findRoute(call.method, path), call, settings) };
}

const badRequest = textError(400, '400 Bad Request');
const pageNotFound = textError(404, '404 page not found\n');

/** A refusal with its whole answer; a wrong signature is told first. */
function refused(code: ConstructorParameters<typeof PictorError>[0], reply: FixedReply): Work {
  const other = failureTeller({ status: reply.status, url: null });
  const failure = (error: PictorError) => (error.code === code ? reply : other(error));
  return { task: 'refuse', error: new PictorError(code), voice: { failure } };
}

function workFor(route: Route, call: Call, settings: ImageServerSettings): Work {
  switch (route.to) {
    case 'nowhere':
      return refused('NOT_FOUND', pageNotFound);
    case 'wrong-method':
      return refused('METHOD_NOT_ALLOWED', { status: 405, body: '', headers: { Allow: route.allow } });
    case 'reserved':
      return refused('URL_INVALID', jsonError(400, 'this namespace is reserved'));
    case 'moved':
      return { task: 'reply', reply: moved(route.path, call), voice: { failure: failureTeller(gone) } };
    case 'status':
      return { task: 'reply', reply: call.stopping === true ? shuttingDown : healthy, quiet: true };
    default:
      return workAt(route, call, settings);
  }
}

const healthy = jsonReply(200, { message: 'OK' });
const shuttingDown = jsonReply(501, { message: 'Shutting down' });

const gone = { status: 404, url: null };

type Place = Extract<Route, { to: 'upload' | 'process' | 'show' | 'keep' }>;

function workAt(route: Place, call: Call, settings: ImageServerSettings): Work {
  const query = readGoQuery(call.target.query, 'spoils');
  const voice = { failure: failureTeller(failureFacts(route, query, settings)) };
  try {
    switch (route.to) {
      case 'upload': {
        const declaredType = call.headers['content-type'] ?? '';
        return { ...uploadTask({ namespace: route.namespace, query, declaredType }, settings), voice };
      }
      case 'process':
        return { ...processTask(route.name, query, settings), voice };
      case 'keep':
        return { ...keepTask(route.name, route.file, settings), voice };
      case 'show':
        if (!isAllowed(parseFileName(route.file), settings)) return refused('OBJECT_NOT_FOUND', notAvailable);
        return { ...showTask(route.name, route.file, settings), voice };
    }
  } catch (thrown) {
    return { task: 'refuse', error: asPictorError(thrown), voice };
  }
}

function failureFacts(route: Place, query: ReadonlyMap<string, string>, settings: ImageServerSettings) {
  if (route.to === 'upload') return { status: 404, url: query.get('source') || null };
  // What no variant is was never there; of variants it is the original that is missing.
  const isKept = route.to === 'show' && parseFileName(route.file).kind === 'custom';
  const key = isKept ? keyOf(route.name, route.file) : originalKey(route.name);
  return { status: route.to === 'process' ? 500 : 404, url: urlTeller(settings)(key) };
}

/** To the clean path below the same prefix, query and all. */
function moved(path: string, { target }: Call): FixedReply {
  const { raw, path: below, query } = target;
  const rest = query === '' ? below : `${below}?${query}`;
  const at = raw.replace(/^https?:\/\/[^/?#]+/i, '');
  const prefix = at.endsWith(rest) ? at.slice(0, at.length - rest.length) : '';
  const location = prefix + escapedPath(path) + (query === '' ? '' : `?${query}`);
  return { status: 301, body: '', headers: { Location: location } };
}
