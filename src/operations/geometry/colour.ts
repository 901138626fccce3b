import * as z from 'zod';

const channel = () => z.number().int().min(0).max(255);

/** An opaque sRGB colour. */
export const opaqueColourSchema = () => z.strictObject({ r: channel(), g: channel(), b: channel() });
