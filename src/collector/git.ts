/**
 * The one question that a session's lanes have for git. Its answer goes into the journal, where it outlives us: a fold
 * that begins anew finds it there, and nobody asks again.
 */
import { Effect, type Scope } from "effect"
import { appendToJournal } from "../hook/journal.ts"
import { askGit } from "../source/git.ts"
import type { AskGit } from "../source/origin.ts"
import { CollectorLog } from "./log.ts"

/** Asks for the first lane that wants to know, beside its work; `onAnswer` is called when the journal holds the answer. */
export const askGitOnce = (
  state: string,
  session: string,
  onAnswer: () => void
): Effect.Effect<(ask: AskGit) => Effect.Effect<void>, never, CollectorLog | Scope.Scope> =>
  Effect.gen(function* () {
    const [log, scope] = [yield* CollectorLog, yield* Effect.scope]
    let asked = false
    const ask = (what: AskGit) =>
      Effect.gen(function* () {
        const answer = yield* askGit(what)
        if (answer === undefined) return
        yield* Effect.try(() => appendToJournal(state, session, answer.payload, answer.atMs))
        onAnswer()
      }).pipe(
        // The trace is whole without it; a full disk is told where more than this is lost.
        Effect.catch((failure) => log.write("info", `what git said was not kept: ${failure}`, session)),
        Effect.forkIn(scope),
        Effect.asVoid
      )
    return (what) =>
      Effect.suspend(() => {
        if (asked || what.sessionId !== session) return Effect.void
        asked = true
        return ask(what)
      })
  })
