import { after, answer, calls, says, thinks } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const interrupt: Scenario = {
  name: "interrupt",
  summary: "the user interrupts a model call before it spoke, a tool at work, and goes on after each",
  model: "plain",
  script: {
    "/root": [
      after(20_000, answer(says("never said"))),
      answer(says("here I am")),
      answer(thinks("This takes long."), calls("exec_command", { cmd: "sleep 20; echo never" })),
      answer(calls("exec_command", { cmd: "echo short" })),
      answer(says("done"))
    ]
  },
  drive: async ({ appServer, model }) => {
    const app = await appServer()
    const thread = await app.startThread()
    const asking = await thread.begin("think hard")
    await model.asked((request) => request.response_id === "resp_1")
    await Bun.sleep(300)
    await asking.interrupt()
    await asking.ended()
    await thread.prompt("are you there?")
    const working = await thread.begin("run something long")
    await model.asked((request) => request.response_id === "resp_3")
    await Bun.sleep(1_000)
    await working.interrupt()
    await working.ended()
    await thread.prompt("run something short")
    await app.quit()
  }
}
