import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { LOGIN } from "../options/remote-options.ts";
import { connect, serverAddress } from "../remote/connect.ts";
import { Remote } from "../remote/remote.ts";
import { readSavedServers, savedServersFile, writeSavedServers } from "../remote/saved-servers.ts";
import { UsageError } from "../usage-error.ts";

/** `slipway login`. */
export async function login(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(LOGIN, args);
  if (values.help) return (await import("./help.ts")).help([LOGIN.name], io);
  if (values.link) {
    const remote = await connect({ server: positionals[0] }, io);
    const { url } = await remote.send<{ url: string }>("POST", "/login-links");
    await io.stdout.write(`${url}\n`);
    return EXIT.ok;
  }
  const saved = await readSavedServers(io.env);
  const named = positionals[0] ?? saved.current;
  if (named === undefined) throw new UsageError("Which server?", "slipway login http://HOST:PORT");
  const address = serverAddress(named);
  if (values.forget) {
    const { [address]: _forgotten, ...tokens } = saved.tokens;
    const current = saved.current === address ? Object.keys(tokens)[0] : saved.current;
    await writeSavedServers(io.env, { tokens, ...(current === undefined ? {} : { current }) });
    await io.stdout.write(`Forgot ${address}.\n`);
    return EXIT.ok;
  }
  const token = await readToken(values["token-stdin"], address, io);
  const who = await new Remote({ address, token }).get<{ name: string; permissions: readonly string[] }>(
    "/me",
  );
  await writeSavedServers(io.env, { current: address, tokens: { ...saved.tokens, [address]: token } });
  await io.stdout.write(
    `Logged in to ${address} as ${who.name} (${who.permissions.join(", ")}); kept in ${savedServersFile(io.env)}.\n`,
  );
  return EXIT.ok;
}

async function readToken(fromStdin: boolean, address: string, io: Io): Promise<string> {
  if (!fromStdin && !io.stdin.isTTY && io.env.SLIPWAY_TOKEN === undefined) {
    throw new UsageError(
      "Standard input is no terminal.",
      "Give the token with --token-stdin or SLIPWAY_TOKEN.",
    );
  }
  const text = fromStdin
    ? await io.stdin.readAll()
    : (io.env.SLIPWAY_TOKEN ?? (await io.stdin.readHidden(`Token for ${address} (not shown): `)) ?? "");
  const token = text.trim();
  if (token === "") throw new UsageError("No token was given.");
  return token;
}
