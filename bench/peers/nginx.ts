import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type Measured, startServer } from '../processes.ts';

export const hasNginx = spawnSync('nginx', ['-v']).error === undefined;

interface Configuration {
  /** Folder of its own for everything it writes. */
  readonly dir: string;
  readonly workers: number;
  /** Directives before `events`. */
  readonly top?: string;
  /** Directives of `http`. */
  readonly http: string;
}

function startWith({ dir, workers, top = '', http }: Configuration, port: number): Promise<Measured> {
  const conf = join(dir, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${dir}/${name};`)
    .join(' ');
  writeFileSync(
    conf,
    `${process.getuid?.() === 0 ? 'user root root; ' : ''}daemon off; worker_processes ${workers}; pid ${dir}/nginx.pid;
error_log ${dir}/error.log; ${top}
events { worker_connections 1024; }
http {
  access_log ${dir}/access.log combined buffer=64k flush=1s; sendfile on; keepalive_requests 1000000;
  types { image/webp webp; image/jpeg jpg; }
  ${temporary}
  ${http}
}
`,
  );
  return startServer({ command: 'nginx', args: ['-c', conf, '-p', dir], port });
}

/** One nginx worker: static files below `root`, and a cache in front of `origin` at `/cached/`. */
export async function startNginx(dir: string, root: string, origin: number): Promise<Measured> {
  const port = freePort();
  mkdirSync(join(dir, 'cache'), { recursive: true });
  const http = `proxy_cache_path ${dir}/cache keys_zone=hits:1m;
  server {
    listen 127.0.0.1:${port};
    location / { root ${root}; }
    location /cached/ { proxy_pass http://127.0.0.1:${origin}/; proxy_cache hits; proxy_cache_valid 200 1h; }
  }`;
  return startWith({ dir, workers: 1, http }, port);
}

const moduleFolders = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/etc/nginx/modules'];

/** File of the module that scales pictures (Debian: libnginx-mod-http-image-filter); null where it is not there. */
export function findImageFilter(): string | null {
  if (!hasNginx) return null;
  const files = moduleFolders.map((folder) => join(folder, 'ngx_http_image_filter_module.so'));
  return files.find((file) => existsSync(file)) ?? null;
}

/** nginx that scales the JPEGs below `root`: `/{width}/{file}`. */
export async function startImageFilter(options: {
  readonly root: string;
  readonly module: string;
  readonly workers: number;
  readonly quality: number;
}): Promise<Measured> {
  const { root, module, workers, quality } = options;
  const dir = mkdtempSync(join(tmpdir(), 'pictor-bench-nginx-'));
  const port = freePort();
  const http = `server {
    listen 127.0.0.1:${port};
    location ~ "^/(?<width>[0-9]+)/(?<file>[^/]+)$" {
      alias ${root}/$file;
      image_filter resize $width -; image_filter_jpeg_quality ${quality}; image_filter_buffer 64M;
    }
  }`;
  const server = await startWith({ dir, workers, top: `load_module ${module};`, http }, port);
  return {
    ...server,
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
