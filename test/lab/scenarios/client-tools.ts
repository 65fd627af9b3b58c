import { answer, calls, draws, says, searchesTools } from "../model/answer.ts"
import { pixel } from "../pixel.ts"
import type { Scenario } from "../scenario.ts"

const ticket = {
  type: "function",
  name: "ticket",
  description: "Reads a ticket.",
  inputSchema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] }
}
const question = {
  id: "colour",
  header: "Colour",
  question: "Which colour?",
  options: [
    { label: "Red", description: "like blood" },
    { label: "Blue", description: "like the sky" }
  ]
}

export const clientTools: Scenario = {
  name: "client-tools",
  summary:
    "a tool that the client brought along, right and wrong; a question to the user; a tool search; a drawn image",
  model: "plain",
  needs: ["clientTools"],
  features: ["default_mode_request_user_input"],
  script: {
    "/root": [
      answer(calls("ticket", { id: "T-1" }), calls("ticket", { id: "none" })),
      answer(calls("request_user_input", { questions: [question] })),
      answer(searchesTools("spawn an agent")),
      answer(draws("a red pixel", pixel), calls("exec_command", { cmd: "echo drawn" })),
      answer(says("done"))
    ]
  },
  drive: async ({ appServer }) => {
    const app = await appServer()
    app.answerCalls((method, params) => {
      if (method === "item/tool/requestUserInput") return { answers: { colour: { answers: ["Red"] } } }
      if (method !== "item/tool/call") return {}
      const known = JSON.stringify(params.arguments).includes("T-1")
      return {
        success: known,
        contentItems: [{ type: "inputText", text: known ? "It is broken." : "There is no such ticket." }]
      }
    })
    const thread = await app.startThread({ dynamicTools: [ticket] })
    await thread.prompt("read the ticket")
    await app.quit()
  }
}
