import { answer, calls, runs, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const wait = answer(calls("collaboration.wait_agent", { timeout_ms: 10_000 }))
const works = (what: string) => answer(runs(`await tools.exec_command({cmd: "echo ${what}"});`))

export const agentsResume: Scenario = {
  name: "agents-resume",
  summary: "a thread with an agent is resumed in a new process and gives the same agent a further task",
  model: "code",
  needs: ["agentsV2"],
  script: {
    "/root": [
      answer(calls("collaboration.spawn_agent", { task_name: "alpha", message: "do alpha", fork_turns: "none" })),
      wait,
      answer(says("alpha did it")),
      answer(calls("collaboration.followup_task", { target: "alpha", message: "do more" })),
      wait,
      answer(says("alpha did more"))
    ],
    "/root/alpha": [works("one"), answer(says("one is done")), works("two"), answer(says("two is done"))]
  },
  drive: async ({ exec, resume }) => {
    await exec("use an agent")
    await resume("use it again")
  }
}
