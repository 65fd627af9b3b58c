/**
 * `tracer hook` as help shows it. Codex's own calls never come here: the executable's door answers them (src/main.ts),
 * without loading the command line.
 */
import { Effect } from "effect"
import { Command } from "effect/cli"

export const hookCommand = Command.make(
  "hook",
  {},
  // On demand, so that whoever asks for another command loads nothing of the hook.
  () => Effect.promise(() => import("../hook/hook.ts").then((hook) => hook.main()))
).pipe(
  Command.withDescription("Write down one lifecycle event of Codex, from standard input; Codex calls it"),
  Command.withExamples([{ command: "tracer setup", description: "Let Codex call it" }])
)
