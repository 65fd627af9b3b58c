import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const crash: Scenario = {
  name: "crash",
  summary: "kill -9 inside a tool, then two resumes in new processes",
  model: "plain",
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "echo one" })),
      answer(says("one is done")),
      answer(calls("exec_command", { cmd: "sleep 20; echo never" })),
      answer(says("picked up again")),
      answer(says("that was all"))
    ]
  },
  drive: async ({ exec, start, resume, model }) => {
    await exec("do one")
    const cut = start("resume", "--last", "do two")
    await model.asked((request) => request.response_id === "resp_3")
    // The answer is out within 50 ms; the tool is then running for a while.
    await Bun.sleep(1_000)
    await cut.crash()
    await resume("go on")
    await resume("anything else?")
  }
}
