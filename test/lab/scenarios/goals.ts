import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const goals: Scenario = {
  name: "goals",
  summary: "the model sets itself a goal, Codex goes on by itself until the model says that it is reached",
  model: "plain",
  needs: ["goals"],
  script: {
    "/root": [
      answer(calls("create_goal", { objective: "count to two" })),
      answer(says("one")),
      answer(calls("update_goal", { status: "complete" })),
      answer(says("two"))
    ]
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const thread = await app.startThread()
    await thread.begin("count to two, in two turns")
    // The second turn is Codex's own.
    await thread.turnsEnded(2)
    await app.quit()
  }
}
