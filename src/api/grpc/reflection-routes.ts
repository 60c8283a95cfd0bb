import type { DescService } from "@bufbuild/protobuf";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { DescriptorIndex } from "./descriptor-index.ts";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "./gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as AlphaReflection } from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";

/** `grpc.reflection.v1` and `v1alpha`, which are the same but for their names: clients ask for either. */
export function reflectionRoutes(router: ConnectRouter, services: readonly DescService[]): void {
  const shown = [...services, ServerReflection, AlphaReflection];
  const index = new DescriptorIndex(shown.map(({ file }) => file));
  const names = shown.map(({ typeName }) => typeName).sort();
  router.service(ServerReflection, {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request.messageRequest, index, names),
        };
      }
    },
  });
  router.service(AlphaReflection, {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        const messageResponse = answer(request.messageRequest as Question, index, names);
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: messageResponse as never,
        };
      }
    },
  });
}

type Question = ServerReflectionRequest["messageRequest"];
type Answer = ServerReflectionResponse["messageResponse"];

function answer(question: Question, index: DescriptorIndex, services: readonly string[]): Answer {
  switch (question.case) {
    case "listServices":
      return said("listServicesResponse", { service: services.map((name) => ({ name })) });
    case "fileByFilename":
      return files(index.byFileName(question.value), `the file ${question.value}`);
    case "fileContainingSymbol":
      return files(index.bySymbol(question.value), `the symbol ${question.value}`);
    case "fileContainingExtension":
      return refused(Code.NotFound, "There are no extensions here.");
    case "allExtensionNumbersOfType":
      return index.hasMessage(question.value)
        ? said("allExtensionNumbersResponse", { baseTypeName: question.value, extensionNumber: [] })
        : refused(Code.NotFound, `There is no type ${question.value} here.`);
    case undefined:
      return refused(Code.InvalidArgument, "The request asks nothing that is known here.");
  }
}

function files(found: readonly Uint8Array[] | undefined, what: string): Answer {
  return found === undefined
    ? refused(Code.NotFound, `There is no ${what.replace(/^the /, "")} here.`)
    : said("fileDescriptorResponse", { fileDescriptorProto: found });
}

function refused(errorCode: Code, errorMessage: string): Answer {
  return said("errorResponse", { errorCode, errorMessage });
}

/** Messages within messages may be written as plain objects: the router makes messages of them. */
function said(kind: NonNullable<Answer["case"]>, value: object): Answer {
  return { case: kind, value } as Answer;
}
