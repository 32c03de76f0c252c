// Builds frontend/ into core/web/static/dist: hashed names, .br and .gz beside each text file, manifest.json, licences.
// The same input gives the same bytes. The folder is swapped at the end, so that a failed build leaves the old one.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import * as sass from 'sass';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..');
const final = path.resolve(process.env.INNESTO_ASSETS ?? path.join(root, 'core/web/static/dist'));
const staging = `${final}.new`;
const browsers = ['chrome109', 'firefox115', 'safari15.6'];
const weights = [400, 600, 700];
// What each font file covers, so that a browser fetches the second only for a page that needs it.
const ranges = {
  latin:
    'U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,' +
    'U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD',
  'latin-ext':
    'U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,' +
    'U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF',
};
const licences = {
  'bootstrap-italia': 'bootstrap-italia/LICENSE',
  'titillium-web': '@fontsource/titillium-web/LICENSE',
};

const own = (name) => path.join(here, name);
const installed = (name) => path.join(here, 'node_modules', name);
const text = (file) => fs.readFileSync(file, 'utf8');
const manifest = {};

function compress(buffer) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: buffer.length };
  return { '.br': brotliCompressSync(buffer, { params }), '.gz': gzipSync(buffer, { level: 9 }) };
}

function emit(name, data) {
  const buffer = Buffer.from(data);
  const { name: stem, ext } = path.parse(name);
  const file = `${stem}.${createHash('sha256').update(buffer).digest('hex').slice(0, 12)}${ext}`;
  fs.writeFileSync(path.join(staging, file), buffer);
  if (ext !== '.woff2') {
    for (const [suffix, packed] of Object.entries(compress(buffer))) {
      fs.writeFileSync(path.join(staging, file + suffix), packed);
    }
  }
  manifest[name] = file;
  return file;
}

function fontFace(set, weight) {
  const source = installed(`@fontsource/titillium-web/files/titillium-web-${set}-${weight}-normal.woff2`);
  const file = emit(`titillium-${set}-${weight}.woff2`, fs.readFileSync(source));
  return (
    `@font-face{font-family:"Titillium Web";font-style:normal;font-weight:${weight};font-display:swap;` +
    `src:url(${file}) format("woff2");unicode-range:${ranges[set]}}`
  );
}

async function minified(css) {
  return (await esbuild.transform(css, { loader: 'css', minify: true, target: browsers })).code;
}

function framework() {
  return sass.compile(own('scss/main.scss'), {
    loadPaths: [own('scss'), installed('bootstrap-italia/src/scss'), installed('.')],
    quietDeps: true,
    silenceDeprecations: ['import', 'global-builtin', 'color-functions'],
  }).css;
}

async function buildScript(name) {
  const result = await esbuild.build({
    entryPoints: [own(name)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: browsers,
    legalComments: 'none',
  });
  emit(name, result.outputFiles[0].contents);
}

// Our list first, then those of the plugins, in alphabetical order.
function iconLists() {
  const plugins = path.join(root, 'plugins');
  const folders = fs.existsSync(plugins) ? fs.readdirSync(plugins).sort() : [];
  const files = folders.map((folder) => path.join(plugins, folder, 'icons.json')).filter((file) => fs.existsSync(file));
  return [own('icons.json'), ...files];
}

function symbol(sprite, name, file) {
  const found = sprite.match(new RegExp(`<symbol id="${name}"[\\s\\S]*?</symbol>`));
  if (!/^it-[a-z0-9-]+$/.test(name) || !found) {
    throw new Error(`${path.relative(root, file)}: there is no icon "${name}" in bootstrap-italia's sprite`);
  }
  return found[0];
}

function buildSprite() {
  const sprite = text(installed('bootstrap-italia/dist/svg/sprites.svg'));
  const symbols = new Map();
  for (const file of iconLists()) {
    for (const name of JSON.parse(text(file))) symbols.set(name, symbol(sprite, name, file));
  }
  emit('sprites.svg', `<svg xmlns="http://www.w3.org/2000/svg">${[...symbols.values()].join('')}</svg>`);
}

function copyLicences() {
  for (const [name, source] of Object.entries(licences)) {
    fs.copyFileSync(installed(source), path.join(staging, `LICENSE-${name}.txt`));
  }
}

function swap() {
  fs.writeFileSync(path.join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  fs.rmSync(final, { recursive: true, force: true });
  fs.renameSync(staging, final);
}

async function main() {
  fs.rmSync(staging, { recursive: true, force: true });
  fs.mkdirSync(staging, { recursive: true });
  const faces = Object.keys(ranges)
    .flatMap((set) => weights.map((weight) => fontFace(set, weight)))
    .join('');
  emit('app.css', await minified(faces + framework() + text(own('ux.css'))));
  await buildScript('app.js');
  buildSprite();
  emit('icon.svg', text(own('icon.svg')));
  copyLicences();
  swap();
}

await main();
