import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const asks = (cmd: string) =>
  answer(calls("exec_command", { cmd, sandbox_permissions: "require_escalated", justification: `may I run ${cmd}?` }))

export const policy: Scenario = {
  name: "policy",
  summary: "rules decide: a command forbidden, one allowed without asking, one that needs the user",
  model: "plain",
  needs: ["agentsV1"],
  homeFiles: {
    "rules/default.rules": [
      `prefix_rule(pattern = ["touch", "forbidden"], decision = "forbidden")`,
      `prefix_rule(pattern = ["touch", "allowed"], decision = "allow")`,
      `prefix_rule(pattern = ["touch", "asked"], decision = "prompt")`,
      ``
    ].join("\n")
  },
  script: {
    "/root": [asks("touch forbidden"), asks("touch allowed"), asks("touch asked"), answer(says("by the rules"))]
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    app.decide(() => Bun.sleep(300).then(() => "accept"))
    const thread = await app.startThread({ approvalPolicy: "on-request", sandbox: "read-only" })
    await thread.prompt("go by the rules")
    await app.quit()
  }
}
