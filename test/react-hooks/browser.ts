import { start } from "./application.ts";

declare const document: { querySelector(selector: string): Element };
declare const location: { readonly search: string };

start(document.querySelector("#root"), new URLSearchParams(location.search).get("url") ?? "");
