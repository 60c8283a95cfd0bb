const fs = require("fs");
console.log(`main says Hello ${process.env.INPUT_WHO}`);
console.log(`default: ${process.env.INPUT_MANNER}`);
console.log(`two words: ${process.env.INPUT_TWO_WORDS}`);
fs.appendFileSync(process.env.GITHUB_OUTPUT, `text=Hello ${process.env.INPUT_WHO} from main\n`);
fs.appendFileSync(process.env.GITHUB_STATE, `who=${process.env.INPUT_WHO}\n`);
