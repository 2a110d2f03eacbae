import { gunzipSync } from "node:zlib";

/** A file that browsers load. */
export interface Asset {
  /** The media type. */
  readonly type: string;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/**
 * Loads the files of a folder, by name. The build puts all of them into one module, so they are found in the same way
 * from a checkout, an installed package, a container image and the single executable.
 * @returns a rejected promise where nothing was built (`npm run build`)
 */
export async function loadAssets(folder: "console" | "swagger"): Promise<ReadonlyMap<string, Asset>> {
  const { assets } = await import("#assets");
  const files = Object.entries(assets[folder]).map(([name, { gzipped, type }]): [string, Asset] => {
    return [name, { type, gzipped: new Uint8Array(Buffer.from(gzipped, "base64")) }];
  });
  return new Map(files);
}

/** Whether a client accepts gzip; with a weight of 0 it does not (RFC 9110, section 12.4.2). */
function acceptsGzip(acceptEncoding = ""): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(acceptEncoding);
}

/**
 * The response with a file, gzipped if the client accepts that.
 * @param acceptEncoding the request's `Accept-Encoding`
 */
export function assetResponse(
  { gzipped, type }: Asset,
  acceptEncoding: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const isGzipped = acceptsGzip(acceptEncoding);
  return new Response(isGzipped ? gzipped : new Uint8Array(gunzipSync(gzipped)), {
    headers: {
      ...headers,
      "Content-Type": type,
      Vary: "Accept-Encoding",
      ...(isGzipped ? { "Content-Encoding": "gzip" } : {}),
    },
  });
}
