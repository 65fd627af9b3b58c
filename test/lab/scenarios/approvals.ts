import type { Decision } from "../codex/app-server.ts"
import { answer, calls, patches, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

/** A command that Codex never takes for safe, asked for outside of the sandbox. */
const asks = (cmd: string) =>
  answer(calls("exec_command", { cmd, sandbox_permissions: "require_escalated", justification: `may I run ${cmd}?` }))

/** What the user answers, by the file that the call is about. */
const decisions: Readonly<Record<string, Decision>> = {
  granted: "accept",
  denied: "decline",
  forever: "acceptForSession",
  cancelled: "cancel"
}

export const approvals: Scenario = {
  name: "approvals",
  summary: "a command granted, denied, granted for the session and used again, cancelled; a patch granted and denied",
  model: "plain",
  config: [],
  script: {
    "/root": [
      asks("touch granted"),
      asks("touch denied"),
      asks("touch forever"),
      asks("touch forever"),
      answer(patches("*** Add File: granted.txt", "+yes")),
      answer(patches("*** Add File: denied.txt", "+no")),
      answer(says("done as far as I may")),
      asks("touch cancelled"),
      answer(says("nothing was done"))
    ]
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    let patches = 0
    app.decide(async (method, params) => {
      // A user takes a moment: the wait is what the trace must not take for the tool's own time.
      await Bun.sleep(400)
      // The request does not say what a patch is about.
      if (method.startsWith("item/fileChange")) return ++patches === 1 ? "accept" : "decline"
      const asked = JSON.stringify(params)
      return Object.entries(decisions).find(([word]) => asked.includes(word))?.[1] ?? "accept"
    })
    const settings = { approvalPolicy: "on-request", sandbox: "read-only" }
    const thread = await app.startThread(settings)
    await thread.prompt("ask me")
    await thread.prompt("ask me once more")
    await thread.prompt("what happened?")
    await app.quit()
  }
}
