import { type Browser, chromium } from "playwright-core";
import { findProgram, installPackages } from "./parts/programs.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const PLACES = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** This machine's Chromium, without a window; installed where there is none and that can be done. */
export async function openBrowser(): Promise<Browser> {
  const find = () => NAMES.map((name) => findProgram(name, PLACES)).find((path) => path !== undefined);
  let executablePath = find();
  if (executablePath === undefined) {
    installPackages(["chromium"]);
    executablePath = find();
  }
  if (executablePath === undefined) throw new Error("Chromium is installed, but is not to be found.");
  const asRoot = process.getuid?.() === 0;
  return await chromium.launch({ executablePath, args: asRoot ? ["--no-sandbox"] : [] });
}
