import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const modelChange: Scenario = {
  name: "model-change",
  summary: "another model, then another effort, each from the next turn on",
  model: "plain",
  script: {
    "/root": ["one", "two", "three"].flatMap((what) => [
      answer(calls("exec_command", { cmd: `echo ${what}` })),
      answer(says(`${what} is done`))
    ])
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt("do one")
    await thread.prompt("do two", { model: "gpt-5.4" })
    await thread.prompt("do three", { effort: "high" })
    await app.quit()
  }
}
