import { describe, expect, test } from "vitest";
import { parseCommand } from "./arguments.ts";
import { describeConfig, valueText } from "./describe.ts";
import { type Config, OPTION_NAMES, OPTIONS } from "./options.ts";

function configOf(argv: readonly string[]): Config {
  const command = parseCommand(argv, {});
  if (command.kind === "run") return command.config;
  throw new Error(JSON.stringify(command));
}

describe("descriptions", () => {
  test("of the configuration mask the key, if there is one", () => {
    const described = describeConfig(configOf(["-api-key=s3cret", "-port=1"]));
    expect(described).toMatchObject({ "api-key": "***", port: 1, "allowed-origins": ["*"] });
    expect(JSON.stringify(described)).not.toContain("s3cret");
    expect(describeConfig(configOf([]))).toHaveProperty("api-key", "");
    expect(Object.keys(described)).toEqual(OPTION_NAMES.map((name) => OPTIONS[name].flag));
  });

  test("of values for people are words as on the command line, and the default's where there is none", () => {
    const config = configOf(["-write-wait=90s", "-allowed-origins=https://a.example,null", "-api-key=s3cret"]);
    expect(valueText(config, "writeWaitMs")).toBe("1m30s");
    expect(valueText(config, "allowedOrigins")).toBe("https://a.example,null");
    expect(valueText(config, "apiKeys")).toBe("***");
    expect(valueText(config, "maxConnections")).toBe("0");
    const defaults = configOf([]);
    for (const name of OPTION_NAMES) expect(valueText(defaults, name)).toBe(OPTIONS[name].defaultText);
  });

  test("of sources say what is not the default", () => {
    const command = parseCommand(["-port=1"], { PORT: "2", HOST: "localhost", BOGUS: "3" });
    expect(command).toMatchObject({
      sources: new Map([
        ["port", "flag"],
        ["host", "environment"],
      ]),
    });
  });
});
