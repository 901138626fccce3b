/** What programs that use a pictor server need: URLs, signatures, uploads, webhooks. Runs in browsers, workers and Node. */

export type { UploadSource } from './image-server/body.ts';
export {
  type CallOptions,
  createImageServerClient,
  type ImageServerClient,
  type ImageServerOptions,
  type NamedFile,
  type SignRequest,
  type UploadedImage,
  type UploadOptions,
} from './image-server/client.ts';
export { ImageServerError } from './image-server/error.ts';
export { type Variant, type VariantWish, variantName } from './image-server/names.ts';
export { signUrl, type UrlToSign } from './image-server/sign-url.ts';
export {
  verifyWebhook,
  type WebhookDelivery,
  type WebhookEvent,
  type WebhookRefusal,
  type WebhookVerdict,
} from './image-server/webhook.ts';
export {
  type ImageproxyOptions,
  type ImageproxyPicture,
  type ImageproxyServer,
  imageproxyUrl,
} from './imageproxy.ts';
export {
  type ImgproxyKeys,
  type ImgproxyPicture,
  type ImgproxyServer,
  type ImgproxyValue,
  imgproxyUrl,
  signImgproxyPath,
} from './imgproxy.ts';
