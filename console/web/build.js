// Builds the page into ../dist, ready to be embedded: index.html, and under assets/ everything it loads, with hashed names
// (browsers keep these files for good) and packed only (the server unpacks them for the rare client without gzip).
// SOURCES.sha256 says what it was built from, so that a Go test can tell a stale build without npm. The same sources give
// the same bytes.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const web = import.meta.dirname;
const dist = join(web, '..', 'dist');

const options = {
  absWorkingDir: web,
  bundle: true,
  minify: true,
  target: ['chrome123', 'firefox120', 'safari17.5'],
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.graphql': 'text', '.ttf': 'file' },
  legalComments: 'none', // the licences stand whole in licenses.txt
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  outdir: join(dist, 'assets'),
  publicPath: '/assets',
  metafile: true,
  write: false,
  logLevel: 'warning',
};

const workers = await build({
  ...options,
  format: 'iife',
  entryPoints: {
    editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
    graphql: 'monaco-graphql/esm/graphql.worker.js',
    json: 'monaco-editor/esm/vs/language/json/json.worker.js',
  },
});

const page = await build({
  ...options,
  format: 'esm',
  jsx: 'automatic',
  define: {
    ...options.define,
    WORKERS: JSON.stringify(
      Object.fromEntries(workers.outputFiles.map(({ path }) => [basename(path).split('-')[0], `/assets/${basename(path)}`])),
    ),
  },
  entryPoints: { main: 'src/main.jsx' },
});

const licenses = Buffer.from(licensesOf([workers.metafile, page.metafile]));
const assets = [
  ...[...workers.outputFiles, ...page.outputFiles].map(({ path, contents }) => [basename(path), contents]),
  [`licenses-${sha256(licenses).slice(0, 8).toUpperCase()}.txt`, licenses],
];

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'assets'), { recursive: true });
for (const [name, contents] of assets) writeFileSync(join(dist, 'assets', `${name}.gz`), packed(contents));
writeFileSync(
  join(dist, 'index.html'),
  readFileSync(join(web, 'index.html'), 'utf8').replace(/{{(\w+)(\.\w+)}}/g, (_, name, ending) => {
    const [file] = assets.find(([asset]) => asset.startsWith(`${name}-`) && asset.endsWith(ending));
    return `/assets/${file}`;
  }),
);
writeFileSync(join(dist, 'SOURCES.sha256'), `${sourcesHash()}\n`);

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The contents by gzip, without the time and the system of making. */
function packed(contents) {
  const bytes = gzipSync(contents, { level: 9 });
  bytes.fill(0, 4, 8);
  bytes[9] = 255;
  return bytes;
}

/** The licences of all packages that went into the bundles. */
function licensesOf(metafiles) {
  const folders = new Set(
    metafiles.flatMap(({ inputs }) => Object.keys(inputs)).flatMap((path) => path.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(web, folder, 'package.json'), 'utf8'));
      const file = readdirSync(join(web, folder)).sort().find((entry) => /^licen[sc]e/i.test(entry));
      return `${name} ${version} (${license})\n\n${file ? readFileSync(join(web, folder, file), 'utf8').trim() : ''}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** One hash over the names and contents of everything in this folder but node_modules, in byte order of the paths. */
function sourcesHash() {
  const paths = readdirSync(web, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(web.length + 1).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('node_modules/'))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return sha256(paths.map((path) => `${sha256(readFileSync(join(web, path)))}  ${path}\n`).join(''));
}
