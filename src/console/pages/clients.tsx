/** Not built yet. */
export function ClientsPage() {
  return <h1>Clients</h1>;
}
