/**
 * `npm run build`: the published form in dist/. One bundle per entry file with shared chunks, because a bundle starts
 * 2.5 times faster than the source and Node refuses to strip types below node_modules (docs/adr/0005-bundle.md).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exit } from 'node:process';
import { build, type Plugin } from 'esbuild';

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, 'dist');

/**
 * Kept out of the bundle. The first bring binaries or WebAssembly files or are under the LGPL, so must stay replaceable; then
 * those that few servers load, which gain nothing, or that carry no licence text; the last three are installed by those who
 * need them.
 */
const external = [
  'sharp',
  'libheif-js',
  'libheif-js/*',
  '@jsquash/jxl/*',
  '@hyzyla/pdfium',
  '@aws-sdk/*',
  'ioredis',
  'fastify',
  '@fastify/swagger',
  'fastify-type-provider-zod',
  'saxes',
  '@azure/identity',
  '@azure/storage-blob',
  '@google-cloud/storage',
];

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const requireForCommonJs =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * `import 'node:http'` reads every property of the module to make it a namespace, and two of them load the WebSocket half of
 * Node's own fetch: a fifth of the start. Taken as a builtin object, only what is used is touched.
 */
const httpWithoutNamespace: Plugin = {
  name: 'http-without-namespace',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?https?$/ }, ({ path: name, kind }) => {
      // `await import('node:http')` is asked for its names, which a module made of `module.exports` does not have.
      if (kind === 'dynamic-import') return undefined;
      return { path: `node:${name.replace('node:', '')}`, namespace: 'builtin' };
    });
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule('${name}');`,
    }));
  },
};

/** zod carries its messages in some fifty languages; ours are English. Half of zod, and a tenth of the start. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** Bundles the entry files and returns every source file that went in, relative to the repository's root. */
async function bundle(): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      pictor: 'src/cli/main.ts',
      index: 'src/index.ts',
      worker: 'src/engine/worker.ts',
      'heif-thread': 'src/engine/heif-thread.ts',
      'jxl-thread': 'src/engine/jxl-thread.ts',
      'pdf-thread': 'src/engine/pdf-thread.ts',
    },
    outdir: dist,
    // Chunks lie beside the entries: files found by import.meta.url are found from a chunk too.
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Less to read at every start; names stay, for whoever reads a stack trace.
    minifyWhitespace: true,
    minifySyntax: true,
    external,
    // What it names as its entry asks for its parts in a way that no bundler can follow; the same as a module does not.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    plugins: [httpWithoutNamespace, englishOnly],
    banner: { js: requireForCommonJs },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs);
}

/** `pictor/client`: one file without anything of Node in it, so that bundlers and browsers take it as it is. */
async function bundleClient(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { client: 'src/client/index.ts' },
    outdir: dist,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/** Folders of the packages that files of node_modules belong to, e.g. `node_modules/@scope/name`. */
function packageFolders(inputs: readonly string[]): string[] {
  const folders = inputs
    .map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0])
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)].toSorted();
}

/** Name, version and licence texts of one bundled package. @throws Error when it carries no licence text */
function noticeOf(folder: string): string {
  const read = (name: string) => readFileSync(path.join(root, folder, name), 'utf8').trim();
  const { name, version, license } = JSON.parse(read('package.json')) as Record<
    'name' | 'version' | 'license',
    string
  >;
  const texts = readdirSync(path.join(root, folder))
    .filter((file) => /^(?:licen[cs]e|copying|notice)\b/i.test(file))
    .map(read);
  if (texts.length === 0) throw new Error(`${name} carries no licence text: it cannot be bundled as it is`);
  return `${name} ${version} (${license})\n\n${texts.join('\n\n')}`;
}

function writeNotices(inputs: readonly string[]): void {
  const line = `\n\n${'-'.repeat(100)}\n\n`;
  const head = 'Code of these packages is part of the files in this folder.';
  writeFileSync(
    path.join(dist, 'THIRD_PARTY_NOTICES.txt'),
    [head, ...packageFolders(inputs).map(noticeOf)].join(line) + '\n',
  );
}

/** Type declarations of the entries of the package. Returns false, with tsc's words on the terminal, when there are errors. */
function writeDeclarations(): boolean {
  const tsc = path.join(root, 'node_modules/.bin/tsc');
  return spawnSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' }).status === 0;
}

rmSync(dist, { recursive: true, force: true });
writeNotices(await bundle());
await bundleClient();
exit(writeDeclarations() ? 0 : 1);
