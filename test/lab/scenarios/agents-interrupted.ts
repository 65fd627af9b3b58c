import { answer, calls, runs, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const works = (what: string) => answer(runs(`await tools.exec_command({cmd: "sleep 1; echo ${what}"});`))

export const agentsInterrupted: Scenario = {
  name: "agents-interrupted",
  summary:
    "the user interrupts the root while its agent is at work; the agent goes on and is heard of in the next turn",
  model: "code",
  needs: ["agentsV2"],
  script: {
    "/root": [
      answer(calls("collaboration.spawn_agent", { task_name: "alpha", message: "do alpha", fork_turns: "all" })),
      answer(calls("collaboration.wait_agent", { timeout_ms: 20_000 })),
      answer(calls("collaboration.wait_agent", { timeout_ms: 10_000 })),
      answer(says("alpha is done"))
    ],
    "/root/alpha": [works("one"), works("two"), answer(says("both are done"))]
  },
  drive: async ({ appServer, model }) => {
    const app = await appServer()
    const thread = await app.startThread()
    const turn = await thread.begin("use an agent")
    await model.asked((request) => request.agent === "/root" && request.response_id !== "resp_1")
    await Bun.sleep(700)
    await turn.interrupt()
    await turn.ended()
    await thread.prompt("what does it do?")
    await app.quit()
  }
}
