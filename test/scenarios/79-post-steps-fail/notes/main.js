require("fs").appendFileSync(process.env.GITHUB_STATE, `text=${process.env.INPUT_TEXT}\n`);
