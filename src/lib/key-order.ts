const encoder = new TextEncoder();

/** In the order that S3 lists keys in: by the bytes of their UTF-8. Negative: `a` comes first. */
export function compareKeys(a: string, b: string): number {
  const [one, other] = [encoder.encode(a), encoder.encode(b)];
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const difference = one[index]! - other[index]!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
