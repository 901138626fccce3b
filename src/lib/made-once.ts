/** Gives what was made when it was first asked for. */
export function madeOnce<Made extends object>(make: () => Made): () => Made {
  let made: Made | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
