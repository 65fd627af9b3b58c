import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const steering: Scenario = {
  name: "steering",
  summary: "the user says more while a turn is running, twice",
  model: "plain",
  needs: ["steer"],
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "sleep 0.8; echo one" })),
      answer(calls("exec_command", { cmd: "sleep 0.8; echo two" })),
      answer(says("I did as you said."))
    ]
  },
  drive: async ({ appServer, model }) => {
    const app = await appServer()
    const thread = await app.startThread()
    const turn = await thread.begin("do one")
    await model.asked((request) => request.response_id === "resp_1")
    await Bun.sleep(300)
    await turn.steer("and do two")
    await model.asked((request) => request.response_id === "resp_2")
    await Bun.sleep(300)
    await turn.steer("and tell me")
    await turn.ended()
    await app.quit()
  }
}
