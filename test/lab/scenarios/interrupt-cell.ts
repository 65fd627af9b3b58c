import { answer, runs, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const interruptCell: Scenario = {
  name: "interrupt-cell",
  summary: "the user interrupts a code cell whose nested calls are running, then goes on",
  model: "code",
  needs: ["codeMode"],
  script: {
    "/root": [
      answer(
        runs(
          `await tools.exec_command({cmd: "echo first"});`,
          `await Promise.all([tools.exec_command({cmd: "sleep 20"}), tools.exec_command({cmd: "sleep 21"})]);`
        )
      ),
      answer(runs(`const r = await tools.exec_command({cmd: "echo short"}); text(r.output);`)),
      answer(says("done"))
    ]
  },
  drive: async ({ appServer, model }) => {
    const app = await appServer()
    const thread = await app.startThread()
    const turn = await thread.begin("run something long")
    await model.asked((request) => request.response_id === "resp_1")
    await Bun.sleep(2_000)
    await turn.interrupt()
    await turn.ended()
    await thread.prompt("run something short")
    await app.quit()
  }
}
