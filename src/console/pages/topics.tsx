/** Not built yet. */
export function TopicsPage() {
  return <h1>Topics</h1>;
}
