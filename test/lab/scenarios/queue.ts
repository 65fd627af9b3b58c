import { textInput } from "../codex/app-server.ts"
import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const queue: Scenario = {
  name: "queue",
  summary: "prompts that the user queues while a turn is running become turns of their own",
  model: "plain",
  needs: ["queue"],
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "sleep 0.5; echo one" })),
      ...["one", "two", "three"].map((n) => answer(says(`${n} is done`)))
    ]
  },
  drive: async ({ appServer, model }) => {
    const app = await appServer()
    const thread = await app.startThread()
    await thread.begin("do one")
    await model.asked((request) => request.response_id === "resp_1")
    for (const next of ["do two", "do three"]) {
      await app.peer.request("thread/queue/add", {
        threadId: thread.id,
        input: [textInput(next)],
        clientUserMessageId: next
      })
    }
    await thread.turnsEnded(3)
    await app.quit()
  }
}
