import { answer, calls, runs, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const spawn = (task_name: string, fork_turns: string) =>
  calls("collaboration.spawn_agent", { task_name, message: `do ${task_name}`, fork_turns })
const endless = answer(runs(`await tools.exec_command({cmd: "sleep 20"}); text("never");`))

export const agentsCrash: Scenario = {
  name: "agents-crash",
  summary: "kill -9 while two agents are at work and the root waits for them, then a resume",
  model: "code",
  needs: ["agentsV2"],
  script: {
    "/root": [
      answer(spawn("alpha", "none"), spawn("beta", "all")),
      answer(calls("collaboration.wait_agent", { timeout_ms: 20_000 })),
      answer(calls("collaboration.list_agents", {})),
      answer(says("picked up again"))
    ],
    "/root/alpha": [endless],
    "/root/beta": [endless]
  },
  drive: async ({ start, resume, model }) => {
    const cut = start("use agents")
    for (const agent of ["/root/alpha", "/root/beta"]) await model.asked((request) => request.agent === agent)
    await Bun.sleep(1_500)
    await cut.crash()
    await resume("go on")
  }
}
