/** What needs no quotes: nothing in it means anything to a shell. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word for sh, bash and zsh, whatever is in it: within single quotes only the single quote means something. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words behind options, such that none of them is taken for an option. */
export function operands(...texts: readonly string[]): string {
  const words = texts.map(shellWord).join(" ");
  return texts.some((text) => text.startsWith("-")) ? `-- ${words}` : words;
}

/** What a shell leaves out. */
export function remark(text: string): string {
  return text.replaceAll(/^/gm, "# ");
}

/** Linux takes no longer word of a command line (MAX_ARG_STRLEN), in bytes of UTF-8. */
const MAX_WORD_BYTES = 131_072;
/** Room for what stands around a payload: the id, escapes of its quotes. */
const SPARE_BYTES = 2048;

/** Whether a text is short enough for a command line. */
export function fitsCommandLine(text: string): boolean {
  return new TextEncoder().encode(text).byteLength <= MAX_WORD_BYTES - SPARE_BYTES;
}
