import { answer, calls, patches, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const compactManual: Scenario = {
  name: "compact-manual",
  summary: "the user asks for a compaction between two turns",
  model: "plain",
  needs: ["compact"],
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "echo one" }), patches("*** Add File: one.txt", "+one")),
      answer(says("one is done")),
      answer(calls("exec_command", { cmd: "echo two" })),
      answer(says("two is done"))
    ],
    compaction: [answer(says("Summary: one is done, two is still to do."))]
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt("do one")
    await thread.compact()
    await thread.prompt("do two")
    await app.quit()
  }
}
