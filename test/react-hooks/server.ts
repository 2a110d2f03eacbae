import { renderToString } from "react-dom/server";
import { application } from "./application.ts";

// Renders the page as a server does, and prints it. That the process ends shows that nothing was opened.

const { client, page } = application("ws://127.0.0.1:9/ws");
process.stdout.write(renderToString(page));
process.stderr.write(client.state.state);
