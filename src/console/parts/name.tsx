import "./name.css";

/** A name that somebody else chose: whatever direction it turns text to, it turns itself only. */
export function Name({ text }: { readonly text: string }) {
  return (
    <bdi class="name" title={text}>
      {text}
    </bdi>
  );
}
