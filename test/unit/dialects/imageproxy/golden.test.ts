/** The tables of test/golden/dialects/imageproxy.json that are about this dialect alone. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PictorError } from '../../../../src/core/errors.ts';
import type { Size } from '../../../../src/core/geometry.ts';
import { imageproxy, targetOf } from '../../../../src/dialects/imageproxy/dialect.ts';
import { hostPatterns } from '../../../../src/dialects/imageproxy/hosts.ts';
import { optionsText, parseOptions } from '../../../../src/dialects/imageproxy/options.ts';
import { imageproxySettings } from '../../../../src/dialects/imageproxy/settings.ts';
import type { RawPixels } from '../../../../src/engine/job/pixels.ts';
import { searchedSize, subjectWindow } from '../../../../src/engine/job/subject.ts';
import { parseHostPattern } from '../../../../src/lib/host-pattern.ts';
import { planTransform } from '../../../../src/plan/plan.ts';
import { createAuthoriser } from '../../../../src/service/authorise.ts';
import { noLimits, sourceOf } from '../../plan/support.ts';

interface Row {
  readonly authority: string;
}

interface Tables {
  readonly parsing: readonly (Row & {
    readonly baseUrl?: string;
    readonly target: string;
    readonly signs?: string;
    readonly reason?: string;
  })[];
  readonly options: readonly (Row & { readonly text: string; readonly canonical: string })[];
  readonly hmac: readonly (Row & {
    readonly key: string;
    readonly text: string;
    readonly signature: string;
  })[];
  readonly requests: readonly (Row & {
    readonly keys: readonly string[];
    readonly target: string;
    readonly allowed: boolean;
  })[];
  readonly sizes: readonly (Row & {
    readonly scaleUp?: boolean;
    readonly source: string;
    readonly options: string;
    readonly size: string;
  })[];
  readonly crops: readonly (Row & {
    readonly source: string;
    readonly options: string;
    readonly corners: readonly number[];
  })[];
  readonly hosts: readonly (Row & {
    readonly list: readonly string[];
    readonly yes: readonly string[];
    readonly no: readonly string[];
  })[];
}

const file = path.join(import.meta.dirname, '../../../golden/dialects/imageproxy.json');
const tables = JSON.parse(readFileSync(file, 'utf8')) as Tables;
const keys = (...texts: string[]) => texts.map((text) => ({ text }));

for (const { authority, baseUrl = '', target, signs, reason } of tables.parsing) {
  test(`${target} from ${baseUrl === '' ? 'nowhere' : baseUrl} (${authority})`, () => {
    const settings = imageproxySettings.parse({ baseUrl, keys: keys('any') });
    if (signs !== undefined) {
      const { grant, image } = imageproxy.parse(targetOf(target), settings, {});
      assert.equal(grant.type === 'hmac' && grant.message, signs);
      assert.equal(image.source, signs.slice(0, signs.indexOf('#')));
      return;
    }
    assert.throws(
      () => imageproxy.parse(targetOf(target), settings, {}),
      (thrown) => {
        assert.ok(thrown instanceof PictorError);
        assert.equal(thrown.reason, `malformed URL ${JSON.stringify(target)}: ${reason}`);
        return thrown.code === 'URL_INVALID';
      },
    );
  });
}

for (const { authority, text, canonical } of tables.options) {
  test(`options '${text}' (${authority})`, () => {
    assert.equal(optionsText(parseOptions(text)), canonical);
    assert.equal(optionsText(parseOptions(canonical)), canonical);
  });
}

for (const { authority, key, text, signature } of tables.hmac) {
  test(`${text} signed with ${key} (${authority})`, () => {
    assert.equal(`${createHmac('sha256', key).update(text).digest('base64url')}=`, signature);
    const [url = '', options] = text.split('#');
    const settings = imageproxySettings.parse({
      keys: keys(key),
      requireOptionSignature: options !== undefined,
    });
    const authoriser = createAuthoriser(imageproxy.policy(settings));
    const segment = [...(options === undefined ? [] : [options]), `s${signature}`].join(',');
    const { grant, image } = imageproxy.parse(targetOf(`/${segment}/${url}`), settings, {});
    authoriser.grant(grant, image.source);
  });
}

for (const { authority, keys: texts, target, allowed } of tables.requests) {
  test(`${target} is ${allowed ? 'allowed' : 'refused'} (${authority})`, () => {
    const settings = imageproxySettings.parse({ keys: keys(...texts) });
    const { grant, image } = imageproxy.parse(targetOf(target), settings, {});
    const authoriser = createAuthoriser(imageproxy.policy(settings));
    const check = () => authoriser.grant(grant, image.source);
    if (allowed) check();
    else
      assert.throws(check, (thrown) => thrown instanceof PictorError && thrown.code === 'SIGNATURE_INVALID');
  });
}

/** Plan for a black still of this size. */
function planFor(source: string, options: string, scaleUp: boolean) {
  const [width = 0, height = 0] = source.split('x').map(Number);
  const settings = imageproxySettings.parse({ scaleUp });
  const { image: request } = imageproxy.parse(targetOf(`/${options}/http://a.test/b`), settings, {});
  const question = { request, info: sourceOf({ width, height }), limits: noLimits };
  const planning = planTransform(question);
  if ('plan' in planning) return planning.plan;
  assert.ok(planning.measure.find === 'subject');
  const window = subjectWindow(blackPixels({ width, height }), planning.measure.size, { width, height });
  const answered = planTransform({ ...question, measured: [window] });
  assert.ok('plan' in answered);
  return answered.plan;
}

function blackPixels(whole: Size): RawPixels {
  const size = searchedSize(whole);
  return { data: Buffer.alloc(size.width * size.height * 3), ...size, channels: 3 };
}

for (const { authority, source, options, size, scaleUp = false } of tables.sizes) {
  test(`${source} by ${options} is ${size}${scaleUp ? ', larger allowed' : ''} (${authority})`, () => {
    const { width, height } = planFor(source, options, scaleUp).result;
    assert.equal(`${width}x${height}`, size);
  });
}

for (const { authority, source, options, corners } of tables.crops) {
  test(`${options} of ${source} (${authority})`, () => {
    const { steps, result } = planFor(source, options, false);
    const cut = steps.find((each) => each.step === 'extract');
    const { left, top, width, height } = cut?.area ?? { left: 0, top: 0, ...result };
    assert.deepEqual([left, top, left + width, top + height], corners);
  });
}

for (const { authority, list, yes, no } of tables.hosts) {
  test(`hosts of ${list.join(',')} (${authority})`, () => {
    const patterns = hostPatterns(list).map((text) => parseHostPattern(text));
    const isListed = (hostname: string) =>
      patterns.some((pattern) => pattern?.matches({ hostname, port: 80 }) === true);
    for (const host of yes) assert.equal(isListed(host), true, host);
    for (const host of no) assert.equal(isListed(host), false, host);
  });
}
