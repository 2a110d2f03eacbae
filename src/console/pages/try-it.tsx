/** Not built yet. */
export function TryItPage() {
  return <h1>TryIt</h1>;
}
