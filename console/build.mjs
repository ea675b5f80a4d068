// Bundles the two consoles and writes them as C++ for the programs to serve:
//
//   node build.mjs NODE_MODULES OUTPUT.cc
//
// NODE_MODULES is where scripts/install-npm put esbuild and the libraries. No network is touched.

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [modules, output] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(join(modules, '/'))('esbuild');

const types = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', html: 'text/html; charset=utf-8' };

async function bundle(entry) {
  const result = await esbuild.build({
    entryPoints: [join(here, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['es2020'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    nodePaths: [modules],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  return result.outputFiles[0].contents;
}

// Named after what is in it, so that a browser may keep it for ever, in a folder of its console's,
// so that a proxy can tell by the path whom to ask for it.
function named(console, stem, extension, contents) {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10);
  return { name: `${console}/${stem}-${hash}.${extension}`, type: types[extension], contents: Buffer.from(contents) };
}

function page(script, style) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>lowbalance</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/console/${style}">
<script defer src="/console/${script}"></script>
</head>
<body><div id="app"></div><noscript><p lang="en">This page needs JavaScript. The API and the command line do not.</p><p lang="zh-CN">此页面需要 JavaScript，API 和命令行则不需要。</p></noscript></body>
</html>
`;
}

const look = await bundle('src/shared/style.css');
const assets = {};
for (const name of ['accounts', 'messages']) {
  const script = named(name, 'main', 'js', await bundle(`src/${name}/main.tsx`));
  const style = named(name, 'style', 'css', look);
  assets[name] = [
    { name: 'page', type: types.html, contents: Buffer.from(page(script.name, style.name)) }, script, style,
  ];
}

const escape = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' };
// Pieces, as compilers limit how long one literal may be.
function literal(contents) {
  let text = '';
  for (let at = 0; at < contents.length; at += 120) {
    let piece = '';
    for (const byte of contents.subarray(at, at + 120)) {
      piece += escape[byte] ?? (byte >= 32 && byte < 127 && byte !== 63
        ? String.fromCharCode(byte) : '\\' + byte.toString(8).padStart(3, '0'));
    }
    text += `    "${piece}"\n`;
  }
  return text;
}

let code = '// Written by console/build.mjs.\n#include "console/assets.h"\n\nnamespace lowbalance {\n';
const seen = new Map();
for (const [, list] of Object.entries(assets)) {
  for (const asset of list) {
    const key = asset.contents.toString();
    if (seen.has(key)) continue;
    seen.set(key, `kAsset${seen.size}`);
    code += `\nstatic constexpr char ${seen.get(key)}[] =\n${literal(asset.contents)};\n`;
  }
}
for (const [name, list] of Object.entries(assets)) {
  const rows = list.map((asset) => {
    const variable = seen.get(asset.contents.toString());
    return `      {"${asset.name}", "${asset.type}", std::string_view(${variable}, sizeof ${variable} - 1)},\n`;
  });
  const title = name[0].toUpperCase() + name.slice(1);
  code += `\nstd::span<const ConsoleAsset> ${title}Assets() {\n  static constexpr ConsoleAsset kAssets[] = {\n${rows.join('')}  };\n  return kAssets;\n}\n`;
}
code += '\n}  // namespace lowbalance\n';
writeFileSync(output, code);
