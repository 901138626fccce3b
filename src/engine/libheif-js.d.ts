/** The part of libheif-js (Emscripten build of libheif) that pictor uses; the package types only its other build. */
declare module 'libheif-js/libheif-wasm/libheif-bundle.js' {
  interface Handle {
    /** Set when libheif answered with an error instead. */
    readonly code?: unknown;
  }
  interface Channel {
    readonly width: number;
    readonly height: number;
    /** Bytes from one row to the next. */
    readonly stride: number;
    /** A view into the memory of the module. */
    readonly data: Uint8Array;
  }
  interface Decoded {
    readonly code?: unknown;
    readonly channels: readonly Channel[];
  }
  interface LibHeif {
    readonly heif_error_code: { readonly heif_error_Ok: unknown };
    readonly heif_colorspace: { readonly heif_colorspace_RGB: unknown };
    readonly heif_chroma: {
      readonly heif_chroma_interleaved_RGB: unknown;
      readonly heif_chroma_interleaved_RGBA: unknown;
    };
    heif_context_alloc(): unknown;
    heif_context_read_from_memory(
      context: unknown,
      bytes: Uint8Array,
    ): { readonly code: unknown; readonly message: string };
    heif_js_context_get_primary_image_handle(context: unknown): Handle;
    heif_image_handle_get_width(handle: Handle): number;
    heif_image_handle_get_height(handle: Handle): number;
    heif_image_handle_has_alpha_channel(handle: Handle): number;
    heif_image_handle_is_premultiplied_alpha(handle: Handle): number;
    heif_js_decode_image2(handle: Handle, colorspace: unknown, chroma: unknown): Decoded;
  }
  /** @param options Emscripten module options */
  export default function libheif(options: {
    print(text: string): void;
    printErr(text: string): void;
  }): LibHeif;
}
