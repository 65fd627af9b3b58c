import type { CodexVersion } from "../codex/versions.ts"
import { after, answer, calls, runs, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const spawn = (task_name: string, message: string, fork_turns: string) =>
  calls("collaboration.spawn_agent", { task_name, message, fork_turns })
const wait = calls("collaboration.wait_agent", { timeout_ms: 10_000 })
const works = (who: string) =>
  answer(runs(`const r = await tools.exec_command({cmd: "sleep 0.5; echo from ${who}"}); text(r.output);`))

const beta = (codex: CodexVersion) =>
  codex.can("deepAgentsV2")
    ? [answer(spawn("inner", "do the inner part", "all")), works("beta"), answer(wait), answer(says("beta is done"))]
    : [works("beta"), answer(says("beta is done"))]

export const agents: Scenario = {
  name: "agents",
  summary:
    "multi-agent v2: with and without history, two deep, message, follow-up, waits, an agent interrupted at work",
  model: "code",
  needs: ["agentsV2"],
  script: (codex) => ({
    "/root": [
      answer(spawn("alpha", "list files alpha", "none"), spawn("beta", "do beta", "all")),
      answer(calls("collaboration.send_message", { target: "alpha", message: "hurry up" })),
      answer(wait),
      answer(wait),
      answer(calls("collaboration.followup_task", { target: "alpha", message: "one more thing" })),
      answer(wait),
      answer(spawn("gamma", "never ends", "none")),
      after(800, answer(calls("collaboration.interrupt_agent", { target: "gamma" }))),
      answer(calls("collaboration.list_agents", {}), calls("collaboration.interrupt_agent", { target: "nobody" })),
      answer(says("The agents are done."))
    ],
    "/root/alpha": [
      works("alpha"),
      answer(says("alpha is done")),
      works("alpha again"),
      answer(says("alpha did one more thing"))
    ],
    "/root/beta": beta(codex),
    ...(codex.can("deepAgentsV2") ? { "/root/beta/inner": [works("inner"), answer(says("inner is done"))] } : {}),
    "/root/gamma": [answer(runs(`await tools.exec_command({cmd: "sleep 30"});`))]
  }),
  drive: ({ exec }) => exec("use agents")
}
