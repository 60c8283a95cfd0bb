const names = Object.keys(process.env).filter((name) => name.startsWith("INPUT_")).sort();
for (const name of names) console.log(`${name}=${process.env[name]}`);
