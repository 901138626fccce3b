/**
 * `npm run build`: the published form in dist/. One bundle per entry file with shared chunks, because a bundle starts
 * 2.5 times faster than the source and Node refuses to strip types below node_modules (docs/adr/0005-bundle.md).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { exit } from 'node:process';
import { type BuildOptions, build, type Plugin } from 'esbuild';

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
  "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);";

/**
 * `import 'node:fs'` reads every property of the module to make it a namespace, and some of them load much else of Node:
 * its streams, the WebSocket half of its own fetch. Taken from builtin objects, only what is used is touched.
 */
const builtinsWithoutNamespace: Plugin = {
  name: 'builtins-without-namespace',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?[a-z_/0-9]+$/ }, ({ path: name, kind }) => {
      if (kind !== 'import-statement' || !isBuiltin(name)) return undefined;
      return { path: `node:${name.replace('node:', '')}`, namespace: 'builtin' };
    });
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => ({
      contents: [
        `const builtin = /* @__PURE__ */ process.getBuiltinModule('${name}');`,
        'export default builtin;',
        ...Object.keys(process.getBuiltinModule(name) ?? {})
          .filter((key) => key !== 'default')
          // Left out by the bundler where nobody asks for it.
          .map((key) => `export const ${key} = /* @__PURE__ */ (() => builtin.${key})();`),
      ].join('\n'),
    }));
  },
};

const filesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);

/** What every start of a server runs through, whatever it is configured to be, and small things that many use. */
const startPath = [
  'src/cli/run-server.ts',
  'src/cli/settings-speaking.ts',
  'src/config/load.ts',
  ...filesIn('src/lib'),
  ...filesIn('src/request'),
];

/** Loaded together or not at all; no name is exported twice. */
const companions = [
  ['src/service/storage-work.ts', 'src/app/shelves.ts', 'src/buckets/folder-bucket.ts'],
  ...readdirSync(path.join(root, 'src/dialects'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => [`src/dialects/${name}/dialect.ts`, `src/dialects/${name}/settings.ts`]),
];

/**
 * Each file that a start reads costs it half a millisecond, and esbuild makes one of every set of modules that the same
 * `import()`s reach: a hundred small ones. Here all of them reach the whole start path, which so becomes one file, and
 * companions are one module.
 */
const inFewFiles: Plugin = {
  name: 'in-few-files',
  setup(build) {
    const ours = path.join(root, 'src/');
    const companionsOf = (file: string) => companions.find((group) => group.includes(file)) ?? [file];
    build.onResolve({ filter: /^\./ }, ({ path: name, kind, resolveDir }) => {
      const file = path.resolve(resolveDir, name);
      if (kind !== 'dynamic-import' || !file.startsWith(ours)) return undefined;
      return { path: companionsOf(path.relative(root, file))[0]!, namespace: 'loaded-later' };
    });
    build.onLoad({ filter: /.*/, namespace: 'loaded-later' }, ({ path: file }) => ({
      contents: [
        ...startPath.map((each) => `import './${each}';`),
        ...companionsOf(file).map((each) => `export * from './${each}';`),
      ].join('\n'),
      resolveDir: root,
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

/** What both bundles have in common. */
const forNode: BuildOptions = {
  absWorkingDir: root,
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
  banner: { js: requireForCommonJs },
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Bundles the entry files and returns every source file that went in, relative to the repository's root. Those of other
 * processes and threads are bundled by themselves: what the server needs is not what they need.
 */
async function bundle(): Promise<readonly string[]> {
  const server = await build({
    ...forNode,
    entryPoints: {
      pictor: 'src/cli/main.ts',
      index: 'src/index.ts',
      process: 'src/app/processes/process.ts',
    },
    plugins: [builtinsWithoutNamespace, englishOnly, inFewFiles],
    metafile: true,
  });
  const workers = await build({
    ...forNode,
    entryPoints: {
      worker: 'src/engine/worker.ts',
      'heif-thread': 'src/engine/heif-thread.ts',
      'jxl-thread': 'src/engine/jxl-thread.ts',
      'pdf-thread': 'src/engine/pdf-thread.ts',
    },
    plugins: [builtinsWithoutNamespace, englishOnly],
    metafile: true,
  });
  return [...Object.keys(server.metafile.inputs), ...Object.keys(workers.metafile.inputs)];
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
