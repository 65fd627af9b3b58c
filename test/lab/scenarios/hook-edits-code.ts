import { answer, runs, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"
import { editing } from "./hook-edits.ts"

export const hookEditsCode: Scenario = {
  name: "hook-edits-code",
  summary: "code mode: a hook of the user's edits a command that a cell runs, and lets another as it is",
  model: "code",
  needs: ["codeMode", "trustedHooks"],
  guard: editing,
  script: {
    "/root": [
      answer(
        runs(
          `const a = await tools.exec_command({cmd: "echo original"});`,
          `const b = await tools.exec_command({cmd: "echo untouched"});`,
          `text(a.output + b.output);`
        )
      ),
      answer(says("as it was wanted"))
    ]
  },
  drive: ({ exec }) => exec("do the original in a cell")
}
