/**
 * The app-server in the verbs of a scenario: start a thread, prompt, steer, interrupt, fork, revert, review.
 *
 * Owns the method names and parameter shapes of Codex's protocol as far as scenarios need them. A turn that is waited
 * for is one that `turn/completed` has told of; Codex writes its last record before that.
 */
import { type Answering, type Notification, type Params, type Peer, peerOf } from "./json-rpc.ts"
import type { Child } from "./processes.ts"

export type Decision = "accept" | "acceptForSession" | "decline" | "cancel"

/** Given the request's method (`item/commandExecution/requestApproval` …) and parameters. */
export type Deciding = (method: string, params: Params) => Decision | Promise<Decision>

export interface Input {
  readonly type: string
  readonly [key: string]: unknown
}

export interface RunningTurn {
  readonly id: string
  readonly steer: (text: string) => Promise<void>
  readonly interrupt: () => Promise<void>
  /** Waits for the turn's end, however it ends. */
  readonly ended: () => Promise<Params>
}

export interface Thread {
  readonly id: string
  /** Begins a turn and does not wait for it. Settings (model, effort, approvalPolicy …) hold from this turn on. */
  readonly begin: (prompt: string | ReadonlyArray<Input>, settings?: Params) => Promise<RunningTurn>
  /** A whole turn. */
  readonly prompt: (prompt: string | ReadonlyArray<Input>, settings?: Params) => Promise<RunningTurn>
  /** Waits until this many turns have ended since the thread was opened here, whoever began them. */
  readonly turnsEnded: (count: number) => Promise<void>
  readonly compact: () => Promise<void>
  readonly shell: (command: string) => Promise<void>
  readonly review: (instructions: string) => Promise<void>
  readonly fork: (params?: Params) => Promise<Thread>
  /** Takes back this turn and everything after it. */
  readonly revertTo: (turn: RunningTurn) => Promise<void>
  /** The same in versions that count turns instead of naming one. */
  readonly rollback: (turns: number) => Promise<void>
  readonly archive: () => Promise<void>
}

export interface AppServer {
  readonly peer: Peer
  readonly startThread: (params?: Params) => Promise<Thread>
  readonly resumeThread: (id: string, params?: Params) => Promise<Thread>
  /** Decides every approval from now on; the default grants each. */
  readonly decide: (decision: Deciding) => void
  /** Answers the calls of tools that the client brought along (dynamic tools), and the model's questions to the user. */
  readonly answerCalls: (answering: Answering) => void
  /** Closes stdin, as an editor that quits, and waits for the end of the process. */
  readonly quit: () => Promise<void>
  /** kill -9 */
  readonly crash: () => Promise<void>
}

export const connect = async (child: Child): Promise<AppServer> => {
  let decision: Deciding = () => "accept"
  let answerCall: Answering = () => ({})
  const answering: Answering = async (method, params) => {
    if (method.endsWith("requestApproval")) return { decision: await decision(method, params) }
    if (method === "currentTime/read") return { currentTimeMs: Date.now() }
    return answerCall(method, params)
  }
  const peer = peerOf(child, answering)
  const clientInfo = { name: "tracer-lab", title: "tracer lab", version: "1" }
  await peer.request("initialize", { clientInfo, capabilities: { experimentalApi: true } })
  peer.notify("initialized", {})
  const opened = async (method: string, params: Params) =>
    threadOf(peer, idIn((await peer.request(method, params)).thread))
  return {
    peer,
    startThread: (params = {}) => opened("thread/start", params),
    resumeThread: (threadId, params = {}) => opened("thread/resume", { threadId, ...params }),
    decide: (next) => {
      decision = next
    },
    answerCalls: (next) => {
      answerCall = next
    },
    quit: async () => {
      child.stdin.end()
      const late = setTimeout(() => child.kill("SIGTERM"), quitMsMax)
      await child.exited
      clearTimeout(late)
    },
    crash: async () => {
      child.kill("SIGKILL")
      await child.exited
    }
  }
}

const quitMsMax = 5_000

const threadOf = (peer: Peer, threadId: string): Thread => {
  const turnOf = (id: string, since: number): RunningTurn => ({
    id,
    steer: async (text) => {
      await peer.request("turn/steer", { threadId, input: inputOf(text), expectedTurnId: id })
    },
    interrupt: async () => {
      await peer.request("turn/interrupt", { threadId, turnId: id })
    },
    ended: async () => (await peer.until((told) => endsTurn(told, threadId, id), since)).params
  })

  const begin: Thread["begin"] = async (prompt, settings = {}) => {
    const since = peer.position()
    const { turn } = await peer.request("turn/start", { threadId, input: inputOf(prompt), ...settings })
    return turnOf(idIn(turn), since)
  }

  /** For requests that begin a turn of their own without naming it: its end is what comes next. */
  const andWait = async (method: string, params: Params) => {
    const since = peer.position()
    await peer.request(method, { threadId, ...params })
    await peer.until((told) => endsTurn(told, threadId), since)
  }

  return {
    id: threadId,
    begin,
    prompt: async (prompt, settings) => {
      const turn = await begin(prompt, settings)
      await turn.ended()
      return turn
    },
    turnsEnded: async (count) => {
      let since = 0
      for (let ended = 0; ended < count; ended++)
        since = (await peer.until((told) => endsTurn(told, threadId), since)).at + 1
    },
    compact: () => andWait("thread/compact/start", {}),
    shell: (command) => andWait("thread/shellCommand", { command }),
    review: (instructions) => andWait("review/start", { target: { type: "custom", instructions } }),
    fork: async (params = {}) =>
      threadOf(peer, idIn((await peer.request("thread/fork", { threadId, ...params })).thread)),
    revertTo: async (turn) => {
      await peer.request("thread/revert", { threadId, beforeTurnId: turn.id })
    },
    rollback: async (numTurns) => {
      await peer.request("thread/rollback", { threadId, numTurns })
    },
    archive: async () => {
      await peer.request("thread/archive", { threadId })
    }
  }
}

const endsTurn = (told: Notification, threadId: string, turnId?: string): boolean =>
  told.method === "turn/completed" &&
  told.params.threadId === threadId &&
  (turnId === undefined || idIn(told.params.turn) === turnId)

const idIn = (named: unknown): string => String((named as { readonly id?: unknown } | undefined)?.id)

const inputOf = (prompt: string | ReadonlyArray<Input>): ReadonlyArray<Input> =>
  typeof prompt === "string" ? [textInput(prompt)] : prompt

export const textInput = (text: string): Input => ({ type: "text", text, text_elements: [] })
export const imageInput = (url: string): Input => ({ type: "image", url })
export const localImageInput = (path: string): Input => ({ type: "localImage", path })
