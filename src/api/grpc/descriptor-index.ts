import { type DescFile, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Descriptors of files, to be found by file name and by the full name of what is in them. */
export class DescriptorIndex {
  readonly #files = new Map<string, DescFile>();
  readonly #bySymbol = new Map<string, DescFile>();

  constructor(files: readonly DescFile[]) {
    for (const file of files) this.#add(file);
  }

  /** Serialized, a file after the files it imports; undefined: there is none. */
  byFileName(name: string): readonly Uint8Array[] | undefined {
    const file = this.#files.get(name);
    return file === undefined ? undefined : serialize(file);
  }

  bySymbol(name: string): readonly Uint8Array[] | undefined {
    const file = this.#bySymbol.get(name.replace(/^\./, ""));
    return file === undefined ? undefined : serialize(file);
  }

  hasMessage(name: string): boolean {
    return this.#bySymbol.has(name.replace(/^\./, ""));
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const imported of file.dependencies) this.#add(imported);
    for (const message of file.messages) this.#addMessage(message, file);
    for (const each of file.enums) this.#bySymbol.set(each.typeName, file);
    for (const service of file.services) {
      this.#bySymbol.set(service.typeName, file);
      for (const { name } of service.methods) this.#bySymbol.set(`${service.typeName}.${name}`, file);
    }
  }

  #addMessage(message: DescMessage, file: DescFile): void {
    this.#bySymbol.set(message.typeName, file);
    for (const { name } of message.fields) this.#bySymbol.set(`${message.typeName}.${name}`, file);
    for (const each of message.nestedEnums) this.#bySymbol.set(each.typeName, file);
    for (const nested of message.nestedMessages) this.#addMessage(nested, file);
  }
}

function serialize(file: DescFile): Uint8Array[] {
  const ordered = new Set<DescFile>();
  const visit = (each: DescFile) => {
    for (const imported of each.dependencies) visit(imported);
    ordered.add(each);
  };
  visit(file);
  return [...ordered].map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
}
