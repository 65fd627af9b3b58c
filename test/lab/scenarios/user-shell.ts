import { answer, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

export const userShell: Scenario = {
  name: "user-shell",
  summary: "commands that the user runs, before and between prompts, one of them failing",
  model: "plain",
  needs: ["userShell"],
  script: { "/root": [answer(says("I saw it.")), answer(says("I saw that too."))] },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const thread = await app.startThread()
    await thread.shell("echo from the user")
    await thread.prompt("did you see?")
    await thread.shell("echo oops >&2; exit 3")
    await thread.prompt("and now?")
    await app.quit()
  }
}
