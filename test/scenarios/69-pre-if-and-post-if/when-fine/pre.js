console.log("pre of " + process.env.INPUT_NAME);
