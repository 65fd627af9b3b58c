import { modelOf } from "../codex/versions.ts"
import { answer, calls, patches, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

/** Has no patch tool in any version, and in old ones the classic `shell`. */
const plainModel = "gpt-5"

export const modelTools: Scenario = {
  name: "model-tools",
  summary: "a model with the patch tool, one without it, and the first again: how each reads the results so far",
  model: "plain",
  script: {
    "/root": [
      answer(patches("*** Add File: one.txt", "+one")),
      answer(says("one is done")),
      answer(calls("shell", { command: ["bash", "-lc", "echo two"] })),
      answer(says("two is done")),
      answer(patches("*** Add File: three.txt", "+three")),
      answer(says("three is done"))
    ]
  },
  drive: async ({ appServer, codex }) => {
    const { slug } = modelOf(codex, "plain")
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt("do one")
    await thread.prompt("do two", { model: plainModel })
    await thread.prompt("do three", { model: slug })
    await app.quit()
  }
}
