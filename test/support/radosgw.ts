/**
 * A real Ceph object gateway with its monitor and its store, in memory and on loopback: the S3 service that looks at
 * signatures, preconditions and ranges as Amazon's does. Takes about a dozen seconds to start: one for a whole test file.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { requireComponent } from './component.ts';
import { freePort } from './pictor-process.ts';
import type { RunningS3 } from './s3-service.ts';

const run = promisify(execFile);

const found = requireComponent('radosgw');

/** Hand this to the options of tests that need it: false, or why they cannot run. */
export const radosgwMissing = found.skip;

const accessKeyId = 'testkey';
const secretAccessKey = 'testsecret';

interface Cluster {
  readonly folder: string;
  readonly fsid: string;
  readonly monitorPort: number;
  readonly port: number;
}

/** Settings for one machine, without authentication between its parts: they all are ours, on loopback, for minutes. */
const configuration = ({ folder, fsid, monitorPort, port }: Cluster): string => `[global]
fsid=${fsid}
mon host=[v1:127.0.0.1:${monitorPort}/0]
public addr=127.0.0.1
cluster addr=127.0.0.1
auth cluster required=none
auth service required=none
auth client required=none
osd pool default size=1
osd pool default min size=1
osd pool default pg num=1
osd pool default pgp num=1
osd pool default pg autoscale mode=off
osd crush chooseleaf type=0
mon allow pool size one=true
mon data avail crit=1
mon osd full ratio=0.99
mon osd nearfull ratio=0.98
mon osd backfillfull ratio=0.985
log file=${folder}/log/$name.log
run dir=${folder}/sock
admin socket=${folder}/sock/$name.asok
mon data=${folder}/mon
osd data=${folder}/osd
osd objectstore=memstore
osd class update on start=false
osd crush update on start=false
memstore device bytes=2147483648
rgw data=${folder}/rgw
rgw frontends=beast endpoint=127.0.0.1:${port}
rgw crypt require ssl=false
`;

/** A running gateway that can die. */
export interface RunningRadosgw extends RunningS3 {
  /** Ends the gateway as a crash would; what it has stored stays. */
  kill(): Promise<void>;
  /** Starts it again at the same address. @throws Error */
  restart(): Promise<void>;
  /** Somebody else, whose buckets are closed to the first key, and the other way round. */
  addUser(name: string): Promise<Omit<RunningS3, 'close'>>;
}

/**
 * Starts everything. Its parts take seconds to bind the ports they are given, which others may take meanwhile: then all
 * of it is started again.
 * @throws Error with the last words of the part that failed
 */
export const startRadosgw = (): Promise<RunningRadosgw> => startOnce().catch(startOnce).catch(startOnce);

async function startOnce(): Promise<RunningRadosgw> {
  const folder = await mkdtemp(join(tmpdir(), 'pictor-ceph-'));
  const cluster = { folder, fsid: randomUUID(), monitorPort: await freePort(), port: await freePort() };
  const children: ChildProcess[] = [];
  // A test that is ended from outside must not leave them behind.
  const endAll = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.on('exit', endAll);
  const close = async () => {
    process.off('exit', endAll);
    await Promise.all(children.toReversed().map(end));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await prepare(cluster);
    await startStore(cluster, children);
    await startGateway(cluster, children);
    return {
      endpoint: `http://127.0.0.1:${cluster.port}`,
      accessKeyId,
      secretAccessKey,
      async kill() {
        const gateway = children.pop();
        if (gateway !== undefined) await end(gateway);
      },
      restart: () => startGateway(cluster, children),
      async addUser(name) {
        const keys = { accessKeyId: `key-${name}`, secretAccessKey: `secret-${name}` };
        await addUser(cluster, name, keys);
        return { endpoint: `http://127.0.0.1:${cluster.port}`, ...keys };
      },
      close,
    };
  } catch (error) {
    const words = await readFile(join(folder, 'log/parts.out'), 'utf8').catch(() => '');
    await close();
    throw new Error(`radosgw did not start: ${words.slice(-2000)}`, { cause: error });
  }
}

async function prepare(cluster: Cluster): Promise<void> {
  for (const name of ['mon', 'osd', 'rgw', 'sock', 'log'])
    await mkdir(join(cluster.folder, name), { recursive: true });
  await writeFile(join(cluster.folder, 'ceph.conf'), configuration(cluster));
}

/** One part takes a second, and a minute on a machine that is busy with five other things. */
const patience = { timeout: 150_000 };

const commonOf = ({ folder }: Cluster): readonly string[] => [
  '-c',
  join(folder, 'ceph.conf'),
  '--keyring',
  '/dev/null',
];

function startPart(cluster: Cluster, command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, [...commonOf(cluster), ...args, '-f'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const words = createWriteStream(join(cluster.folder, 'log/parts.out'), { flags: 'a' });
  child.stdout.pipe(words, { end: false });
  child.stderr.pipe(words, { end: false });
  return child;
}

/** Monitor, store, and the user whose keys the tests have. */
async function startStore(cluster: Cluster, children: ChildProcess[]): Promise<void> {
  const { folder, fsid, monitorPort } = cluster;
  const common = commonOf(cluster);
  const map = join(folder, 'monmap');
  const osd = randomUUID();
  const does = (command: string, args: readonly string[]) => run(command, args, patience);
  const monitor = ['--addv', 'a', `[v1:127.0.0.1:${monitorPort}/0]`];
  await does('monmaptool', ['--create', ...monitor, '--fsid', fsid, map]);
  await does('ceph-mon', [...common, '-i', 'a', '--mkfs', '--monmap', map]);
  children.push(startPart(cluster, 'ceph-mon', ['-i', 'a']));
  await does('ceph', [...common, 'osd', 'new', osd]);
  // A store that says so itself when it starts may do so before it knows the cluster's identity, and then ends or hangs.
  await does('ceph', [...common, 'osd', 'crush', 'add', 'osd.0', '1', 'root=default', 'host=here']);
  await does('ceph-osd', [...common, '-i', '0', '--mkfs', '--osd-uuid', osd]);
  children.push(startPart(cluster, 'ceph-osd', ['-i', '0']));
  await whileAlive(children, (signal) => addUser(cluster, 'test', { accessKeyId, secretAccessKey }, signal));
}

/** Nothing is waited for that needs a part which has ended. */
async function whileAlive(
  children: readonly ChildProcess[],
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const ended = async (child: ChildProcess) => {
    if (child.exitCode === null) await once(child, 'exit', { signal: over.signal });
    throw new Error(`${child.spawnfile} has ended`);
  };
  const racing = [work(over.signal), ...children.map(ended)];
  try {
    await Promise.race(racing);
  } finally {
    over.abort();
    await Promise.allSettled(racing);
  }
}

type Keys = Pick<RunningS3, 'accessKeyId' | 'secretAccessKey'>;

async function addUser(cluster: Cluster, name: string, keys: Keys, signal?: AbortSignal): Promise<void> {
  const user = ['user', 'create', `--uid=${name}`, `--display-name=${name}`];
  const given = [`--access-key=${keys.accessKeyId}`, `--secret=${keys.secretAccessKey}`];
  const args = [...commonOf(cluster), '-n', 'client.rgw', ...user, ...given];
  await run('radosgw-admin', args, { ...patience, ...(signal && { signal }) });
}

/** The last of the children, so that it can be ended alone. */
async function startGateway(cluster: Cluster, children: ChildProcess[]): Promise<void> {
  children.push(startPart(cluster, 'radosgw', ['-n', 'client.rgw']));
  await answering(`http://127.0.0.1:${cluster.port}/`, children);
}

async function answering(url: string, children: readonly ChildProcess[]): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline && children.every(({ exitCode }) => exitCode === null)) {
    const status = await fetch(url).then(
      (reply) => reply.status,
      () => 0,
    );
    if (status === 200) return;
    await sleep(100);
  }
  throw new Error('no answer');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // Nothing has to be saved, and an orderly end takes the monitor many seconds.
  child.kill('SIGKILL');
  await ended;
}
