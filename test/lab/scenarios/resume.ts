import { answer, calls, says, thinks } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const resume: Scenario = {
  name: "resume",
  summary: "one thread, three processes: each resumes what the one before has finished",
  model: "plain",
  script: {
    "/root": [
      answer(thinks("First things first."), calls("exec_command", { cmd: "echo one" })),
      answer(says("one is done")),
      answer(calls("exec_command", { cmd: "echo two" }), calls("exec_command", { cmd: "echo three" })),
      answer(says("two is done")),
      answer(says("that was all"))
    ]
  },
  drive: async ({ exec, resume }) => {
    await exec("do one")
    await resume("do two")
    await resume("anything else?")
  }
}
