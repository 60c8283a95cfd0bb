import { create } from "@bufbuild/protobuf";
import type { BuildView as View } from "../../../builds/service/executor-service.ts";
import { type BuildView, BuildViewSchema } from "../gen/ci/v1/executor_pb.ts";
import { fromAnnotationMessage, toAnnotationMessage } from "./annotation-message.ts";
import { fromApprovalMessage, toApprovalMessage } from "./approval-message.ts";
import { fromBuildMessage, toBuildMessage } from "./build-message.ts";
import { fromJobMessage, toJobMessage } from "./job-message.ts";
import { required } from "./scalars.ts";
import { fromStepMessage, toStepMessage } from "./step-message.ts";

export function toViewMessage(view: View): BuildView {
  return create(BuildViewSchema, {
    build: toBuildMessage(view.build),
    jobs: view.jobs.map(toJobMessage),
    steps: view.steps.map(toStepMessage),
    approvals: view.approvals.map(toApprovalMessage),
    annotations: view.annotations.map(toAnnotationMessage),
    warnings: [...view.warnings],
  });
}

export function fromViewMessage(message: BuildView | undefined): View {
  const view = required(message, "view");
  return {
    build: fromBuildMessage(required(view.build, "build")),
    jobs: view.jobs.map(fromJobMessage),
    steps: view.steps.map(fromStepMessage),
    approvals: view.approvals.map(fromApprovalMessage),
    annotations: view.annotations.map(fromAnnotationMessage),
    warnings: view.warnings,
  };
}
