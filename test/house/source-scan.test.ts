import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOnly, importsOf } from '../support/source-scan.ts';

test('imports are found in every spelling', () => {
  const text = [
    "import a from 'a';",
    "import { b, type B } from './b.ts';",
    "import type { C } from './c.ts';",
    "import {\n  d,\n  e,\n} from './d.ts';",
    "import * as f from 'f';",
    "import './g.ts';",
    "export { h } from './h.ts';",
    "export type { I } from './i.ts';",
    "export * from './j.ts';",
    "const k = await import('./k.ts');",
    "let l: import('./l.ts').L;",
    "// import m from 'm';",
    "/* import n from 'n'; */",
    'const text = "import o from \'o\'";',
  ].join('\n');
  assert.deepEqual(
    importsOf(text).map(({ from, typeOnly }) => (typeOnly ? `type ${from}` : from)),
    [
      'a',
      './b.ts',
      'type ./c.ts',
      './d.ts',
      'f',
      './h.ts',
      'type ./i.ts',
      './j.ts',
      './g.ts',
      './k.ts',
      'type ./l.ts',
    ],
  );
  assert.deepEqual(importsOf(text)[1]!.names, ['b', 'type B']);
});

test('code is what is neither comment nor text', () => {
  assert.equal(codeOnly("a; // process.env\nb('process.env') /* Buffer */"), "a;  \nb('')  ");
  assert.equal(codeOnly('`x ${process.env.A} process.env`'), '`${process.env.A}`');
  assert.equal(codeOnly("const url = 'http://x'; process.env"), "const url = ''; process.env");
  assert.equal(codeOnly("s.replace(/'/g, x); Buffer"), 's.replace(/0/, x); Buffer');
  assert.equal(codeOnly('a / b; Buffer; c / d'), 'a / b; Buffer; c / d');
});
