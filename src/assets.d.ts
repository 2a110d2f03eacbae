/** The files that browsers load from the server, as `npm run build` makes them (`scripts/build-assets.js`). */
declare module "#assets" {
  /** By folder, then by name. The page of a folder has the empty name. */
  export const assets: {
    readonly [Folder in "console" | "swagger"]: {
      readonly [name: string]: {
        /** The media type. */
        readonly type: string;
        /** The content, gzipped, in Base64. */
        readonly gzipped: string;
      };
    };
  };
}
