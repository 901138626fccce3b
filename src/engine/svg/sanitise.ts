import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { PictorError } from '../../core/errors.ts';
import { escapedMarkup } from '../../lib/markup.ts';
import { decodeXml } from '../job/svg.ts';
import { textEntities } from './entities.ts';
import { embeddedSvg, isSafeReference, type Reader, svgDataUrl } from './references.ts';
import { cleanStyle } from './style-sheet.ts';

/**
 * An SVG in which nothing runs and which reaches for nothing but pictures: for documents that browsers get as they are.
 * It is parsed and written anew, so that what browsers see is what was looked at: UTF-8, no document type (entities are
 * written out), no comments, no processing instructions. Left out:
 * - elements that run or embed something (`script`, `iframe`, `form`, `object`, …), in any namespace, with all inside;
 * - attributes that run something (`on…`), and animations of such or of references;
 * - references to anything but web addresses, places in the document, and for pictures also `data:`; `use` may only
 *   point into the document; an SVG in a `data:` URL is sanitised as well;
 * - `@import` in style sheets, and whole style sheets that hide something.
 * @throws PictorError IMAGE_BROKEN for what is no well-formed XML, or expands to too much
 */
export function sanitiseSvg(bytes: Uint8Array): Uint8Array {
  return sanitised(bytes, 0);
}

/** SVG inside SVG inside SVG: deeper ones are left out. */
const deepest = 2;

const removedElements: ReadonlySet<string> = new Set(
  'script handler listener iframe frame frameset form object embed applet portal base meta link template'.split(
    ' ',
  ),
);
const animations: ReadonlySet<string> = new Set(['animate', 'set', 'animatetransform', 'animatemotion']);
const pictures: ReadonlySet<string> = new Set(['image', 'feimage', 'img']);

/** Attributes whose value is an address, in SVG and in the HTML that it may embed. */
const references: ReadonlySet<string> = new Set(
  'href src base action formaction data poster background cite longdesc codebase manifest ping classid'.split(
    ' ',
  ),
);
const removedAttributes: ReadonlySet<string> = new Set(['srcdoc', 'srcset', 'imagesrcset']);

function sanitised(bytes: Uint8Array, depth: number): Uint8Array {
  const parser = new SaxesParser({
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
    position: false,
    xmlns: false,
  });
  const writer = createWriter(depth);
  parser.on('doctype', (doctype) => {
    parser.ENTITIES = textEntities(doctype);
  });
  parser.ENTITIES = textEntities('');
  parser.on('opentag', writer.open);
  parser.on('closetag', writer.close);
  parser.on('text', writer.text);
  parser.on('cdata', writer.text);
  try {
    parser.write(decodeXml(bytes)).close();
  } catch (error) {
    if (error instanceof PictorError) throw error;
    throw new PictorError('IMAGE_BROKEN', { detail: `svg: ${String(error)}`, cause: error });
  }
  return Buffer.from(writer.result());
}

interface Writer {
  open(tag: SaxesTagPlain): void;
  close(tag: SaxesTagPlain): void;
  text(text: string): void;
  result(): string;
}

function createWriter(depth: number): Writer {
  const written: string[] = [];
  /** Elements that are open inside of a removed one, itself included. */
  let removed = 0;
  /** Collects the text of a `style` element. */
  let style: string[] | null = null;
  return {
    open(tag) {
      // A style sheet has no elements inside; what browsers would make of them is not worth finding out.
      if (removed > 0 || style !== null || isRemoved(tag)) {
        removed += 1;
        return;
      }
      const { name, attributes, isSelfClosing } = tag;
      const kept = Object.entries(attributes).flatMap(([each, value]) =>
        keptAttribute(tag, each, value, depth),
      );
      written.push(`<${name}${kept.join('')}${isSelfClosing ? '/>' : '>'}`);
      if (localName(name) === 'style' && !isSelfClosing) style = [];
    },
    close({ name, isSelfClosing }) {
      if (removed > 0) {
        removed -= 1;
        return;
      }
      if (style !== null) written.push(escapedText(cleanStyle(style.join('')) ?? ''));
      style = null;
      if (!isSelfClosing) written.push(`</${name}>`);
    },
    text(text) {
      if (removed > 0) return;
      if (style === null) written.push(escapedText(text));
      else style.push(text);
    },
    result: () => written.join('').trim(),
  };
}

/** Without prefix and in small letters: names are taken for what they may be in any namespace. */
const localName = (name: string): string => name.slice(name.indexOf(':') + 1).toLowerCase();

function isRemoved({ name, attributes }: SaxesTagPlain): boolean {
  const local = localName(name);
  if (removedElements.has(local)) return true;
  return animations.has(local) && Object.entries(attributes).some(targetsDanger);
}

const targetsDanger = ([name, value]: [string, string]): boolean => {
  const target = localName(value.trim());
  return localName(name) === 'attributename' && (isEvent(target) || references.has(target));
};

const isEvent = (local: string): boolean => local.startsWith('on');

/** The attribute as it is written, or nothing. */
function keptAttribute(tag: SaxesTagPlain, name: string, value: string, depth: number): [] | [string] {
  const local = localName(name);
  if (isEvent(local) || removedAttributes.has(local)) return [];
  const kept = references.has(local)
    ? keptReference(readerOf(tag.name), value, depth)
    : local === 'style' || /[(\\]/.test(value)
      ? cleanStyle(value)
      : value;
  return kept === null ? [] : [` ${name}="${escapedValue(kept)}"`];
}

function readerOf(element: string): Reader {
  const local = localName(element);
  return local === 'use' ? 'use' : pictures.has(local) ? 'image' : 'link';
}

function keptReference(reader: Reader, value: string, depth: number): string | null {
  if (!isSafeReference(value, reader)) return null;
  const svg = reader === 'image' ? embeddedSvg(value) : null;
  if (svg === null) return value;
  if (svg === undefined || depth === deepest) return null;
  try {
    return svgDataUrl(sanitised(svg, depth + 1));
  } catch {
    return null;
  }
}

/** Readers make a line's end of a bare return (XML 1.0 section 2.11). */
const escapedText = (text: string): string => escapedMarkup(text).replaceAll('\r', '&#13;');
/** Readers make spaces of these in values (XML 1.0 section 3.3.3). */
const escapedValue = (value: string): string =>
  escapedMarkup(value).replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`);
