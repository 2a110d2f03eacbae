/**
 * Makes something when it is first asked for, and keeps it. What could not be made is made anew by who asks next.
 * @param make rejects where it fails; who asks meanwhile is told the same
 */
export function madeOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (made !== undefined) return made;
    const mine = make();
    made = mine;
    mine.catch(() => {
      made = undefined;
    });
    return mine;
  };
}
