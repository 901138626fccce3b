import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type Measured, startServer } from '../processes.ts';

export const hasNginx = spawnSync('nginx', ['-v']).error === undefined;

/** One nginx worker: static files below `root`, and a cache in front of `origin` at `/cached/`. */
export async function startNginx(dir: string, root: string, origin: number): Promise<Measured> {
  const port = freePort();
  mkdirSync(join(dir, 'cache'), { recursive: true });
  const conf = join(dir, 'nginx.conf');
  writeFileSync(
    conf,
    `${process.getuid?.() === 0 ? 'user root root; ' : ''}daemon off; worker_processes 1; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
events { worker_connections 1024; }
http {
  access_log ${dir}/access.log combined buffer=64k flush=1s; sendfile on; keepalive_requests 1000000;
  types { image/webp webp; image/jpeg jpg; }
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  proxy_cache_path ${dir}/cache keys_zone=hits:1m;
  server {
    listen 127.0.0.1:${port};
    location / { root ${root}; }
    location /cached/ { proxy_pass http://127.0.0.1:${origin}/; proxy_cache hits; proxy_cache_valid 200 1h; }
  }
}
`,
  );
  return startServer({ command: 'nginx', args: ['-c', conf, '-p', dir], port });
}
