import { describe, expect, it } from "vitest";
import { repositoryAddress } from "./repository-address.ts";

describe("repositoryAddress", () => {
  it.each([
    ["/srv/git/shop.git", "local"],
    ["/srv/git/Läden und mehr", "local"],
    ["file:///srv/git/shop.git", "local"],
    ["https://github.com/acme/shop.git", "http"],
    ["https://bot@example.com/acme/shop", "http"],
    ["http://127.0.0.1:3000/acme/shop.git", "http"],
    ["http://[::1]:3000/acme/shop.git", "http"],
    ["ssh://git@example.com:2222/acme/shop.git", "ssh"],
    ["git@example.com:acme/shop.git", "ssh"],
    ["build-host:shop.git", "ssh"],
    ["git@[::1]:shop.git", "ssh"],
  ] as const)("takes %s", (url, kind) => {
    expect(repositoryAddress(url)).toEqual({ kind, url });
  });

  it.each([
    ["", "no address"],
    ["shop", "no address of a repository"],
    ["./shop", "no address of a repository"],
    ["../shop", "no address of a repository"],
    ["--upload-pack=touch /tmp/x", "no address of a repository"],
    ["-oProxyCommand=x:y", "no proper host"],
    ["ext::sh -c 'touch /tmp/x'", "remote helpers"],
    ["fd::17", "remote helpers"],
    ["::x", "remote helpers"],
    ["git://example.com/shop", "not read over 'git:'"],
    ["ftp://example.com/shop", "not read over 'ftp:'"],
    ["ssh://-oProxyCommand=x/shop", "no proper"],
    ["ssh://git@-x/shop", "no proper host"],
    ["ssh://-l@example.com/shop", "no proper host"],
    ["git@example.com:-x", "no proper host"],
    ["git@-x.com:shop", "no proper host"],
    ["https://exa mple.com/x", "no proper URL"],
    ["https://example.com/a b", "space"],
    ["file://host/srv/x", "names no host"],
    ["https://example.com/a\nb", "control character"],
    ["/srv/a\0b", "control character"],
  ])("refuses %j", (url, why) => {
    expect(() => repositoryAddress(url)).toThrow(why);
  });

  it.each([
    "https://bot:hunter2@example.com/x",
    "http://hunter2@example.com/x",
    "ssh://git:hunter2@example.com/x",
  ])("refuses credentials in %s, and does not repeat them", (url) => {
    expect(() => repositoryAddress(url)).toThrow(/^(?!.*hunter2).*holds credentials/);
  });
});
