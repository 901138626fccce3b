import type { RequestOptions } from 'node:http';
import { openMount } from '../app/mounts.ts';
import type { AppConfig } from '../app/settings.ts';
import { ConfigError } from '../config/problems.ts';
import { parseBind } from '../http/bind.ts';
import { type Command, exitFailed, refuseWords } from './command.ts';
import { readTargetConfig } from './read-config.ts';

/** Whom to ask: `options` as for node:http. */
interface HealthQuestion {
  readonly secure: boolean;
  readonly options: RequestOptions;
  /** For the answer: `http://127.0.0.1:8081/probe/ready`. */
  readonly text: string;
  /** Statuses below this one are those of a server that works. */
  readonly below: number;
}

const timeoutMs = 5000;

/** Of a page that says so. */
const ready = 300;
/** Where no page says so, whoever answers that nothing is there works. */
const anyAnswer = 500;

/** A server that listens everywhere is asked on the loopback interface. */
const reachable = (host: string | undefined): string =>
  host === undefined || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;

interface Place {
  readonly bind: string;
  readonly path: string;
  readonly secure: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly below: number;
}

function questionAt({ bind, path, secure, headers, below }: Place): HealthQuestion {
  const place = parseBind(bind);
  if (place === null || ('port' in place && place.port === 0)) {
    throw new ConfigError([
      { where: bind, message: 'the port is chosen at start and not known here; use --url' },
    ]);
  }
  const scheme = secure ? 'https' : 'http';
  if ('path' in place) {
    return { secure, options: { socketPath: place.path, path, headers }, text: `${bind} ${path}`, below };
  }
  const host = reachable(place.host);
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    secure,
    options: { host, port: place.port, path, headers },
    text: `${scheme}://${shown}:${place.port}${path}`,
    below,
  };
}

/** The readiness probe; without the listener for operators, the health page of the first mount. */
export function healthQuestion({ admin, server, mounts }: AppConfig): HealthQuestion {
  if (admin.bind !== '')
    return questionAt({ bind: admin.bind, path: '/probe/ready', secure: false, headers: {}, below: ready });
  const { prefix, policy, style } = openMount(mounts[0]!);
  const headers: Record<string, string> =
    policy.secret === undefined ? {} : { authorization: `Bearer ${policy.secret}` };
  const secure = server.tls.certFile !== '';
  const page = style.routes.find(({ path }) => /^\/(health|ping$)/.test(path))?.path;
  const below = page === undefined ? anyAnswer : ready;
  return questionAt({ bind: server.bind, path: `${prefix}${page ?? '/'}`, secure, headers, below });
}

function questionFor(url: string): HealthQuestion {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new ConfigError([
      { where: '--url', message: 'expected a URL, for instance http://127.0.0.1:8081/probe/ready' },
    ]);
  }
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const options = { host, path: pathname + search, ...(port === '' ? {} : { port: Number(port) }) };
  return { secure: protocol === 'https:', options, text: url, below: ready };
}

/** The status of the answer. The certificate of one's own server is not what is asked about, so it is not checked. */
async function ask({ secure, options }: HealthQuestion): Promise<number> {
  const { request } = secure ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const asking = request(
      { ...options, agent: false, rejectUnauthorized: false, timeout: timeoutMs },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    asking.once('timeout', () => asking.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    asking.once('error', reject);
    asking.end();
  });
}

/** `pictor health [serve|imgproxy] [--url URL] [settings]`: 0 when the server is ready, 1 when it is not. */
export const health: Command = async (call) => {
  const { url } = call.options;
  if (typeof url === 'string') refuseWords(call, '--url says whom to ask: leave everything else out');
  const question =
    typeof url === 'string' ? questionFor(url) : healthQuestion((await readTargetConfig(call)).config);
  try {
    const status = await ask(question);
    const works = status >= 200 && status < question.below;
    call.print(`${works ? 'ready' : 'not ready'}: ${question.text} answered ${status}\n`);
    return works ? 0 : exitFailed;
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    call.complain(`not ready: ${question.text}: ${reason}\n`);
    return exitFailed;
  }
};
