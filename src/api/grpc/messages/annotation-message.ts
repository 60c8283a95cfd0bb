import { create } from "@bufbuild/protobuf";
import type { AnnotationRecord } from "../../../store/job-record.ts";
import { type Annotation, AnnotationSchema } from "../gen/ci/v1/build_pb.ts";
import { ANNOTATION_LEVEL } from "./enums.ts";
import { present } from "./present.ts";
import { requiredTime, toTimestamp } from "./scalars.ts";

export function toAnnotationMessage(annotation: AnnotationRecord): Annotation {
  return create(AnnotationSchema, {
    ...annotation,
    level: ANNOTATION_LEVEL.toWire(annotation.level),
    createdAt: toTimestamp(annotation.createdAt),
  });
}

export function fromAnnotationMessage(message: Annotation): AnnotationRecord {
  const { $typeName: _, $unknown: __, ...annotation } = message;
  return present({
    ...annotation,
    level: ANNOTATION_LEVEL.toWord(message.level),
    title: message.title,
    file: message.file,
    line: message.line,
    endLine: message.endLine,
    column: message.column,
    endColumn: message.endColumn,
    createdAt: requiredTime(message.createdAt, "created_at"),
  });
}
