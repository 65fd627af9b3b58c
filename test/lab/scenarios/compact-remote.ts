import { answer, calls, compacts, patches, reporting, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const full = { input: 30_000 }

export const compactRemote: Scenario = {
  name: "compact-remote",
  summary: "the provider compacts: the user asks for it, then the context fills up in the middle of a turn",
  model: "plain",
  needs: ["remoteCompact"],
  provider: "OpenAI",
  config: ["model_auto_compact_token_limit = 20000"],
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "echo one" }), patches("*** Add File: one.txt", "+one")),
      answer(says("one is done")),
      reporting(full, answer(calls("exec_command", { cmd: "seq 1 400" }))),
      answer(calls("exec_command", { cmd: "echo still two" })),
      answer(says("two is done"))
    ],
    compaction: [answer(compacts("gAAAAABwb25l")), answer(compacts("gAAAAABwdHdv"))]
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
