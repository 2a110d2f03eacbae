const CHUNK_BYTES = 64 * 1024;
/** Answers up to this size are sent whole: the operating system takes them at once. */
const SENT_WHOLE_BYTES = 256 * 1024;

/**
 * Gives a large answer a deadline: a client that takes nothing of it for `timeoutMs` is cut off. Bun's own idle
 * timeout spares a connection that has something to send, so the answer is handed over in pieces, and the time of
 * each is watched.
 */
export async function withWriteDeadline(response: Response, timeoutMs: number): Promise<Response> {
  if (response.body === null) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.byteLength <= SENT_WHOLE_BYTES) return new Response(bytes, response);
  let sent = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        clearTimeout(timer);
        if (sent >= bytes.byteLength) return controller.close();
        controller.enqueue(bytes.subarray(sent, sent + CHUNK_BYTES));
        sent += CHUNK_BYTES;
        timer = setTimeout(() => controller.error(new Error("the client did not take its answer in time")), timeoutMs);
      },
      cancel() {
        clearTimeout(timer);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
