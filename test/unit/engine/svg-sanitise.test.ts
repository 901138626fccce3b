import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { PictorError } from '../../../src/core/errors.ts';
import { sanitiseSvg } from '../../../src/engine/svg/sanitise.ts';

const clean = (text: string): string => Buffer.from(sanitiseSvg(Buffer.from(text))).toString();
const inside = (body: string): string => clean(`<svg>${body}</svg>`).slice('<svg>'.length, -'</svg>'.length);
const refuses = (text: string) =>
  assert.throws(
    () => clean(text),
    (error) => error instanceof PictorError && error.code === 'IMAGE_BROKEN',
    text.slice(0, 100),
  );

test('an ordinary drawing keeps all that shows', () => {
  const drawing =
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">' +
    '<defs><linearGradient id="a" xlink:href="#b"/><style>.c{fill:url(#a)}</style></defs>' +
    '<g class="c" style="stroke:red" transform="translate(1 2)"><path d="M0 0L9 9"/></g>' +
    '<a href="https://example.com/?a=1&amp;b=2"><text>1 &lt; 2 &amp; 3</text></a><use xlink:href="#c"/>' +
    '<animate attributeName="opacity" to="0"/><image href="data:image/png;base64,AA=="/></svg>';
  assert.equal(clean(drawing), drawing);
  assert.equal(clean(clean(drawing)), clean(drawing));
});

describe('left out', () => {
  const cases: Readonly<Record<string, readonly [string, string]>> = {
    script: ['<script>alert(1)</script><g/>', '<g/>'],
    'script of another prefix': ['<x:script xmlns:x="http://www.w3.org/2000/svg">1</x:script>', ''],
    'script in capitals': ['<SCRIPT>1</SCRIPT>', ''],
    'what is inside of a removed element': ['<form><g><script/></g>text</form><b/>', '<b/>'],
    iframe: ['<foreignObject><iframe src="x"/></foreignObject>', '<foreignObject></foreignObject>'],
    'event handler': ['<g onclick="a()" ONload="b()" id="i"/>', '<g id="i"/>'],
    'javascript link': ['<a href="javascript:alert(1)"/>', '<a/>'],
    'javascript behind white space': [
      '<a href=" &#1;java&#10;scr&#9;ipt:alert(1)"/>'.replace('&#1;', ''),
      '<a/>',
    ],
    'javascript behind entities': ['<a href="&#106;avascript&#x3a;alert(1)"/>', '<a/>'],
    'javascript in capitals': ['<a xlink:href="JaVaScRiPt:alert(1)"/>', '<a/>'],
    vbscript: ['<a href="vbscript:x"/>', '<a/>'],
    'data link': ['<a href="data:text/html,x"/>', '<a/>'],
    'a foreign use': ['<use href="http://example.com/a.svg#b"/>', '<use/>'],
    'use of a file beside it': ['<use xlink:href="b.svg#c"/>', '<use/>'],
    'use of data': ['<use href="data:image/svg+xml,x#c"/>', '<use/>'],
    'data that is no picture': ['<image href="data:text/html,x"/>', '<image/>'],
    'file picture': ['<image href="file:///etc/passwd"/>', '<image/>'],
    'animated link': ['<a><animate attributeName="href" to="javascript:1"/></a>', '<a></a>'],
    'animated xlink': ['<set attributeName=" xlink:href " to="javascript:1"/>', ''],
    'animated handler': ['<set attributeName="onclick" to="a()"/>', ''],
    'handler of SVG Tiny': ['<handler type="text/javascript">1</handler>', ''],
    'base address': ['<g xml:base="javascript:1"/>', '<g/>'],
    'meta refresh': [
      '<foreignObject><meta http-equiv="refresh"/></foreignObject>',
      '<foreignObject></foreignObject>',
    ],
    import: ['<style>@import "http://x/a;b.css"; a{b:c}</style>', '<style> a{b:c}</style>'],
    'import of an address': ['<style>@import url(http://x/a;b.css) screen;a{}</style>', '<style>a{}</style>'],
    'import in CDATA': ['<style><![CDATA[@IMPORT "x";a>b{}]]></style>', '<style>a&gt;b{}</style>'],
    'import behind an escape': ['<style>@\\69mport "x"; a{}</style>', '<style></style>'],
    'import behind a comment': ['<style>@im/**/port "x"; a{}</style>', '<style></style>'],
    'address in a style': ['<style>a{b:url( "javascript:1" )}</style>', '<style></style>'],
    'escaped address in a style': ['<g style="fill:u\\72l(java\\73 cript:1)"/>', '<g/>'],
    'address in an attribute': ['<g fill="url(javascript:1)" filter="url(#a)"/>', '<g filter="url(#a)"/>'],
    'elements in a style': ['<style>a{}<script>1</script></style>', '<style>a{}</style>'],
    comments: ['<!-- <script> --><g/>', '<g/>'],
    instructions: ['<?xml-stylesheet href="x"?><g/>', '<g/>'],
    srcdoc: ['<g srcdoc="&lt;script>"/>', '<g/>'],
  };
  for (const [name, [body, expected]] of Object.entries(cases)) {
    test(name, () => assert.equal(inside(body), expected));
  }
});

test('a picture inside the picture is sanitised too, up to a depth', () => {
  const embed = (svg: string) =>
    `<svg><image href="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}"/></svg>`;
  const bad = '<svg onload="a()"/>';
  assert.equal(clean(embed(bad)), embed('<svg/>'));
  assert.equal(
    clean(`<svg><image href="data:image/svg+xml,${encodeURIComponent(bad)}"/></svg>`),
    embed('<svg/>'),
  );
  assert.equal(
    clean(`<svg><image href="&#10;da&#10;ta:image/svg+xml,${encodeURIComponent(bad)}"/></svg>`),
    embed('<svg/>'),
  );
  assert.equal(clean(embed(embed(bad))), embed(embed('<svg/>')));
  assert.equal(clean(embed(embed(embed(bad)))), embed(embed('<svg><image/></svg>')));
  assert.equal(clean(embed('<svg>')), '<svg><image/></svg>', 'what cannot be read is left out');
});

test('the document type is left out, its short names are written out', () => {
  const doctype = (subset: string, body: string) =>
    `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "a" "http://b" [${subset}]>${body}`;
  const illustrator = doctype(
    '<!ENTITY ns_svg "http://www.w3.org/2000/svg"><!ATTLIST svg onload CDATA "a()">',
    '<svg xmlns="&ns_svg;"/>',
  );
  assert.equal(clean(illustrator), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const markup = doctype('<!ENTITY a "&#60;script>1&#60;/script>">', '<svg>&a;</svg>');
  refuses(markup);
  refuses(doctype('<!ENTITY a SYSTEM "file:///etc/passwd">', '<svg>&a;</svg>'));
  refuses(doctype('<!ENTITY % a SYSTEM "http://b/c.dtd"> %a;', '<svg>&b;</svg>'));
  refuses(doctype('<!ENTITY a "lol"><!ENTITY b "&a;&a;">', '<svg>&b;</svg>'));
  refuses(doctype(`<!ENTITY a "${'x'.repeat(10_000)}">`, `<svg>${'&a;'.repeat(10_000)}</svg>`));
  refuses(doctype(`<!ENTITY a "${'x'.repeat(10_000)}">`, `<svg id="${'&a;'.repeat(10_000)}"/>`));
});

test('what browsers would not read is refused', () => {
  for (const text of [
    '',
    'x',
    '<svg>',
    '<svg></b></svg>',
    '<svg>&constructor;</svg>',
    '<svg a="1" a="2"/>',
    '<svg/><svg/>',
  ]) {
    refuses(text);
  }
});

test('long nonsense takes linear time', () => {
  inside(`<style>${'@import url('.repeat(50_000)}</style>`);
  inside(`<style>${'/*'.repeat(100_000)}url(${'('.repeat(100_000)}</style>`);
  inside(`<g style="${'\\'.repeat(100_001)}"/>`);
  inside(`<a href="${' '.repeat(200_000)}javascript:1"/>`);
  inside('<g>'.repeat(50_000) + '</g>'.repeat(50_000));
});

/** Pieces of which dangerous documents are made. */
const piece = fc.constantFrom(
  'script',
  'svg:script',
  'a',
  'use',
  'image',
  'style',
  'set',
  'foreignObject',
  'g',
);
const attribute = fc.constantFrom(
  'href="javascript:1"',
  'xlink:href=" java&#9;script:1"',
  'onclick="1"',
  'style="a:url(javascript:1)"',
  'attributeName="href"',
  'href="#a"',
  'href="data:image/svg+xml,%3Csvg onload=%22%22/%3E"',
  '',
);
const body = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('text', '&lt;script&gt;', '<![CDATA[</style><script>1</script>]]>', '@import "x";', ''),
    fc
      .tuple(piece, attribute, fc.array(tie('node'), { maxLength: 3 }))
      .map(([name, value, children]) => `<${name} ${value}>${children.join('')}</${name}>`),
  ),
})).node;

test('nothing that runs is left, whatever is nested in what', () => {
  fc.assert(
    fc.property(body, (text) => {
      const result = clean(`<svg>${text}</svg>`);
      assert.equal(clean(result), result, 'and a second time changes nothing');
      const parser = new SaxesParser();
      parser.on('opentag', ({ name, attributes }) => {
        assert.doesNotMatch(name, /script/i);
        for (const [each, value] of Object.entries(attributes)) {
          assert.doesNotMatch(each, /^on/);
          assert.doesNotMatch(value.replace(/\s/g, ''), /javascript:/);
        }
      });
      parser.write(result).close();
    }),
    { numRuns: 300 },
  );
});
