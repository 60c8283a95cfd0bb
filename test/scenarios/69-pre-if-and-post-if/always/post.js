console.log("post of " + process.env.INPUT_NAME);
