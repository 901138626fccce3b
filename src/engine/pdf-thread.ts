import { parentPort, workerData } from 'node:worker_threads';
import type { PDFiumPage } from '@hyzyla/pdfium';
import type { ThreadError } from './ask-thread.ts';
import type { PdfDrawn, PdfMeasured, PdfQuestion } from './codecs/pdf.ts';
import { withoutAlpha } from './without-alpha.ts';

/** The thread that measures or draws the first page of one PDF and ends: the module's memory goes with it. */

/** Half of the memory that the module can have: it takes lengths by 32 bits and does not look whether they fit. */
const mostBytes = 1024 ** 3;

async function firstPage(bytes: Uint8Array): Promise<PDFiumPage> {
  if (bytes.byteLength > mostBytes) throw new Error('too many bytes');
  const { PDFiumLibrary } = await import('@hyzyla/pdfium');
  const library = await PDFiumLibrary.init();
  const document = await library.loadDocument(bytes);
  if (document.getPageCount() < 1) throw new Error('no pages');
  return document.getPage(0);
}

/** A pixel per point, rounded as libvips does it. A page that could not be opened has no size. */
function sizeOf(page: PDFiumPage): PdfMeasured {
  const { originalWidth, originalHeight } = page.getOriginalSize();
  if (!(originalWidth > 0 && originalHeight > 0)) throw new Error('no page');
  return {
    width: Math.max(1, Math.round(originalWidth)),
    height: Math.max(1, Math.round(originalHeight)),
  };
}

async function draw(
  page: PDFiumPage,
  { width, height }: Extract<PdfQuestion, { do: 'draw' }>,
): Promise<PdfDrawn> {
  const found = sizeOf(page);
  // Only what was checked against the limits is drawn.
  if (found.width !== width || found.height !== height) throw new Error('contradictory sizes');
  if (width * height * 4 > mostBytes) throw new Error('too many pixels');
  const { data } = await page.render({ width, height, scale: 1, render: 'bitmap', renderFormFields: true });
  // The paper is white, so all of it is opaque.
  return { data: withoutAlpha(data) };
}

async function answerTo(question: PdfQuestion): Promise<PdfMeasured | PdfDrawn> {
  const page = await firstPage(question.bytes);
  return question.do === 'measure' ? sizeOf(page) : draw(page, question);
}

const answer = await answerTo(workerData as PdfQuestion).catch(
  (error: unknown): ThreadError => ({ error: String(error) }),
);
parentPort?.postMessage(answer, 'data' in answer ? [answer.data.buffer] : []);
