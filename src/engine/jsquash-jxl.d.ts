/** Missing in the types of Node. */
declare namespace WebAssembly {
  function compile(bytes: Uint8Array): Promise<Module>;
}

/** The part of @jsquash/jxl that pictor uses; its own types need those of a browser, and the package is optional. */
declare module '@jsquash/jxl/decode.js' {
  export function init(module: WebAssembly.Module, options: object): Promise<unknown>;
  /** RGBA, 8 bits, sRGB, upright. @throws Error for anything that is no JPEG XL */
  export default function decode(
    bytes: Uint8Array,
  ): Promise<{ readonly data: Uint8ClampedArray; readonly width: number; readonly height: number }>;
}

declare module '@jsquash/jxl/encode.js' {
  export function init(module: WebAssembly.Module, options: object): Promise<unknown>;
  /** @param picture RGBA, 8 bits, sRGB */
  export default function encode(
    picture: { readonly data: Uint8Array; readonly width: number; readonly height: number },
    options: { readonly effort: number; readonly quality: number; readonly lossless: boolean },
  ): Promise<ArrayBuffer>;
}
