/** As S3 has it, bytes. */
const longestKey = 1024;

/**
 * Whether an object can have this key anywhere. Servers and proxies on the way take `.` and `..` out of a path: it would be
 * another object, or another bucket's. Half a character would be written as another one.
 */
export const isObjectKey = (key: string): boolean =>
  key !== '' &&
  Buffer.byteLength(key) <= longestKey &&
  key.isWellFormed() &&
  !/[\0\r\n]/.test(key) &&
  key.split('/').every((segment) => segment !== '.' && segment !== '..');
