import { answer, calls, says, thinks } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const simple: Scenario = {
  name: "simple",
  summary: "two parallel commands, one answer",
  model: "plain",
  script: {
    "/root": [
      answer(
        thinks("I will list the files."),
        calls("exec_command", { cmd: "ls -la; sleep 0.3" }),
        calls("exec_command", { cmd: "echo two" })
      ),
      answer(says("Done: there are no files."))
    ]
  },
  drive: ({ exec }) => exec("list the files")
}
