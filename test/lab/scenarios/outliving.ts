import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const outliving: Scenario = {
  name: "outliving",
  summary: "a process that is still running when its turn is over, and ends during a later one",
  model: "plain",
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "sleep 1.5; echo late", yield_time_ms: 250 })),
      answer(says("it runs in the background")),
      answer(calls("exec_command", { cmd: "sleep 2; echo second" })),
      answer(says("done"))
    ]
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt("start a server")
    await thread.prompt("do something else")
    await app.quit()
  }
}
