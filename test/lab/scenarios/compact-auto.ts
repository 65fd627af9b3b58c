import { answer, calls, patches, reporting, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const full = { input: 30_000 }

export const compactAuto: Scenario = {
  name: "compact-auto",
  summary: "the context fills up twice: before a turn and in the middle of one",
  model: "plain",
  needs: ["compact"],
  config: ["model_auto_compact_token_limit = 20000"],
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "seq 1 400" }), patches("*** Add File: one.txt", "+one")),
      reporting(full, answer(says("one is done, and a lot was read"))),
      answer(calls("exec_command", { cmd: "echo two" })),
      reporting(full, answer(calls("exec_command", { cmd: "seq 1 500" }))),
      answer(calls("exec_command", { cmd: "echo still two" })),
      answer(says("two is done"))
    ],
    compaction: [answer(says("Summary: one is done.")), answer(says("Summary: two is nearly done."))]
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt("do one")
    await thread.prompt("do two")
    await app.quit()
  }
}
