/** All scenarios, one line each, in the order in which they are played. */
import type { Scenario } from "../scenario.ts"
import { agents } from "./agents.ts"
import { agentsCrash } from "./agents-crash.ts"
import { agentsInterrupted } from "./agents-interrupted.ts"
import { agentsResume } from "./agents-resume.ts"
import { agentsV1 } from "./agents-v1.ts"
import { approvals } from "./approvals.ts"
import { autoReview } from "./auto-review.ts"
import { clientTools } from "./client-tools.ts"
import { code } from "./code.ts"
import { codeOverlap } from "./code-overlap.ts"
import { codeTools } from "./code-tools.ts"
import { cold } from "./cold.ts"
import { compactAuto } from "./compact-auto.ts"
import { compactCode } from "./compact-code.ts"
import { compactManual } from "./compact-manual.ts"
import { compactRemote } from "./compact-remote.ts"
import { crash } from "./crash.ts"
import { failedTurns } from "./failed-turns.ts"
import { failures } from "./failures.ts"
import { firstSteps } from "./first-steps.ts"
import { forkPoints } from "./fork-points.ts"
import { forkRevert } from "./fork-revert.ts"
import { forks } from "./forks.ts"
import { goals } from "./goals.ts"
import { hookDecides } from "./hook-decides.ts"
import { hookEdits } from "./hook-edits.ts"
import { hookEditsCode } from "./hook-edits-code.ts"
import { images } from "./images.ts"
import { interrupt } from "./interrupt.ts"
import { interruptCell } from "./interrupt-cell.ts"
import { modelChange } from "./model-change.ts"
import { modelTools } from "./model-tools.ts"
import { outliving } from "./outliving.ts"
import { policy } from "./policy.ts"
import { queue } from "./queue.ts"
import { resume } from "./resume.ts"
import { revert } from "./revert.ts"
import { review } from "./review.ts"
import { simple } from "./simple.ts"
import { skills } from "./skills.ts"
import { steering } from "./steering.ts"
import { tools } from "./tools.ts"
import { userShell } from "./user-shell.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  simple,
  tools,
  code,
  codeOverlap,
  codeTools,
  agents,
  agentsResume,
  agentsCrash,
  agentsInterrupted,
  agentsV1,
  forks,
  forkPoints,
  forkRevert,
  revert,
  resume,
  crash,
  cold,
  compactManual,
  compactAuto,
  compactCode,
  compactRemote,
  interrupt,
  interruptCell,
  approvals,
  autoReview,
  policy,
  hookDecides,
  hookEdits,
  hookEditsCode,
  failures,
  failedTurns,
  steering,
  review,
  images,
  userShell,
  modelChange,
  modelTools,
  outliving,
  skills,
  goals,
  queue,
  clientTools,
  firstSteps
]
