#!/usr/bin/env node
// Plain JavaScript of an older day, so that a Node that is too old can read it and say so.
import { existsSync, readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const needed = engines.node.replace(/^>=/, '');

/** True when version `a` (dotted numbers) is lower than `b`. */
function isOlder(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const differing = left.findIndex((part, index) => part !== right[index]);
  return differing !== -1 && left[differing] < right[differing];
}

if (isOlder(process.versions.node, needed)) {
  console.error(`pictor needs Node ${needed} or newer; this is ${process.versions.node}.`);
  console.error('In a clone, `npm start` and `npx pictor` use the Node that `npm ci` installed.');
  process.exit(1);
}

// A clone runs the source, so that a bundle left over from an earlier build is never run by mistake.
const source = new URL('../src/cli/main.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/pictor.js', import.meta.url).href);
