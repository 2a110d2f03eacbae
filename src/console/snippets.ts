// What one can copy to make a first use of the server.

/** A text to copy, and what it is for. */
export interface Snippet {
  readonly title: string;
  readonly code: string;
}

/**
 * How to publish, and how to receive, from a shell and from code.
 * @param origin the server's, such as `https://example.com`
 * @param isKeyNeeded whether the API key has to be named; it stands there as a variable of the shell, never itself
 */
export function firstSteps(origin: string, isKeyNeeded: boolean): readonly Snippet[] {
  const key = isKeyNeeded ? ` \\\n  -H "X-API-Key: $RINGCAST_API_KEY"` : "";
  const login = isKeyNeeded ? ", {\n  apiKey: process.env.RINGCAST_API_KEY,\n}" : "";
  return [
    { title: "Receive, in a shell", code: `ringcast sub hello --url ${origin}` },
    {
      title: "Publish, with curl",
      code: `curl ${origin}/topics/hello/messages${key} \\\n  -H 'Content-Type: application/json' \\\n  -d '{"payload":{"text":"Hello"}}'`,
    },
    {
      title: "In your code",
      code: [
        `import { connect } from "ringcast/client";\n`,
        `const client = connect("${origin.replace(/^http/, "ws")}/ws"${login});`,
        `client.subscribe("hello", ({ payload }) => {\n  console.log(payload);\n});`,
        `await client.publish("hello", { text: "Hello" });`,
      ].join("\n"),
    },
  ];
}
