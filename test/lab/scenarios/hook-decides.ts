import { answer, calls, patches, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

/** Exit 2 blocks the call, and stderr is what the model is told. */
const guard = `grep -q forbidden && { echo 'not while I watch' >&2; exit 2; } || exit 0`

export const hookDecides: Scenario = {
  name: "hook-decides",
  summary: "a hook of the user's blocks a command and a patch before they run, and lets others pass",
  model: "plain",
  needs: ["trustedHooks"],
  guard: { event: "PreToolUse", command: guard },
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "echo allowed" }), calls("exec_command", { cmd: "echo forbidden" })),
      answer(patches("*** Add File: forbidden.txt", "+no")),
      answer(says("as far as I could"))
    ]
  },
  drive: ({ exec }) => exec("try what is forbidden")
}
