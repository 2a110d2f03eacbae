import { Argument, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { OPTION_NAMES, OPTIONS } from "../config/options.ts";
import { verb } from "./options.ts";
import { print } from "./output.ts";

/** A word that may come next. */
interface Word {
  readonly word: string;
  readonly description: string;
  readonly takesValue: boolean;
}

/** What may come behind some verbs; behind none for the program itself. */
interface Place {
  readonly verbs: readonly string[];
  readonly words: readonly Word[];
}

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
type Shell = keyof typeof SHELLS;
const SHELL_NAMES = ["bash", "zsh", "fish"] as const satisfies readonly Shell[];

/** @param program gives the program, once it is complete */
export function completionCommand(program: () => CommandUnknownOpts) {
  return verb("completion")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELL_NAMES))
    .action((shell) => print(SHELLS[shell](placesOf(program())).trimEnd()));
}

/** The server's own flags, which are read elsewhere. */
const SERVER_FLAGS: readonly Word[] = OPTION_NAMES.map((name) => {
  const { flag, help, placeholder } = OPTIONS[name];
  return { word: `-${flag}`, description: help, takesValue: placeholder !== "" };
});

/** Everything that may be typed, from the program's own commands and options. */
function placesOf(command: CommandUnknownOpts, verbs: readonly string[] = []): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const options = help.visibleOptions(command).map(({ description, flags, long, required }) => {
    return { word: long ?? flags, description, takesValue: required };
  });
  const words = [
    ...commands.map((child) => ({
      word: child.name(),
      description: help.subcommandDescription(child),
      takesValue: false,
    })),
    ...command.registeredArguments.flatMap(({ argChoices = [] }) =>
      argChoices.map((word) => ({ word, description: "", takesValue: false })),
    ),
    ...(verbs.join() === "serve" ? SERVER_FLAGS : options),
    ...(verbs.join() === "config" ? SERVER_FLAGS : []),
  ];
  const below = command.commands.flatMap((child) => placesOf(child, [...verbs, child.name()]));
  return [...below, { verbs, words }];
}

function casePattern(verbs: readonly string[]): string {
  return verbs.length === 0 ? '" "' : `"${verbs.join(" ")} "*`;
}

function bashScript(places: readonly Place[]): string {
  const cases = places.map(({ verbs, words }) => {
    const options = words.filter(({ takesValue }) => takesValue).map(({ word }) => word);
    return `    ${casePattern(verbs)}) words="${words.map(({ word }) => word).join(" ")}" valued="${options.join(" ")}" ;;`;
  });
  return `# bash completion for ringcast
_ringcast() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words valued
  COMPREPLY=()
  case "\${COMP_WORDS[*]:1:COMP_CWORD - 1} " in
${cases.join("\n")}
  esac
  case " $valued " in *" $previous "*) return ;; esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _ringcast ringcast
`;
}

/** A text in single quotes, for any of these shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "’").replaceAll("\\", "/")}'`;
}

function zshScript(places: readonly Place[]): string {
  const cases = places.map(({ verbs, words }) => {
    const entries = words.map(({ description, word }) => quoted(`${word}:${description}`));
    const valued = words.filter(({ takesValue }) => takesValue).map(({ word }) => word);
    return `    ${casePattern(verbs)}) entries=(${entries.join(" ")}) valued=(${valued.join(" ")}) ;;`;
  });
  return `#compdef ringcast
_ringcast() {
  local -a entries valued
  case "\${(j: :)words[2,CURRENT-1]} " in
${cases.join("\n")}
  esac
  if (( \${valued[(Ie)\${words[CURRENT-1]}]} )); then _files; return; fi
  _describe ringcast entries || _files
}
if [ "\${funcstack[1]}" = _ringcast ]; then _ringcast "$@"; else compdef _ringcast ringcast; fi
`;
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ verbs, words }) => {
    const isHere =
      verbs.length === 0
        ? "__fish_use_subcommand"
        : verbs.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
    return words.map(({ description, takesValue, word }) => {
      const name = word.startsWith("--")
        ? `-l ${word.slice(2)}`
        : word.startsWith("-")
          ? `-o ${word.slice(1)}`
          : `-a ${word}`;
      const value = takesValue ? " -r" : "";
      const text = description === "" ? "" : ` -d ${quoted(description)}`;
      return `complete -c ringcast -f -n ${quoted(isHere)} ${name}${value}${text}`;
    });
  });
  return `# fish completion for ringcast\n${lines.join("\n")}\n`;
}
