/** Not built yet. */
export function TopicPage({ name }: { readonly name: string }) {
  return <h1>{name}</h1>;
}
