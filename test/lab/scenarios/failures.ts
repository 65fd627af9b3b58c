import { answer, calls, cut, failed, limited, refused, says, thinks } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const failures: Scenario = {
  name: "failures",
  summary: "requests cut, failed and refused for now, tried again; a refused prompt; the account's limit",
  model: "plain",
  script: {
    "/root": [
      cut(),
      answer(calls("exec_command", { cmd: "echo one" })),
      refused(500, "the server stumbled", "server_error"),
      answer(says("one is done")),
      cut(thinks("Where was I?")),
      answer(calls("exec_command", { cmd: "echo two" })),
      failed("server_error", "it broke on the way", says("half a sen")),
      answer(says("two is done")),
      refused(400, "this prompt is not allowed"),
      answer(says("three is done")),
      limited(),
      answer(says("four is done"))
    ]
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const thread = await app.startThread()
    for (const prompt of ["do one", "do two", "do it badly", "do three", "do too much", "do four"])
      await thread.prompt(prompt)
    await app.quit()
  }
}
