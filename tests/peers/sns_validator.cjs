// Asks npm's sns-validator about each message of a file of JSON lines; prints "ok" or what is wrong with it, line by line.
"use strict";
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");

const [folder, file, hosts] = process.argv.slice(2);
const Validator = createRequire(`${folder}/package.json`)("sns-validator");
const validator = new Validator(new RegExp(hosts), "utf8");
const verdict = (message) => new Promise((done) => validator.validate(message, (error) => done(error?.message ?? "ok")));

(async () => {
  for (const line of readFileSync(file, "utf8").trim().split("\n")) console.log(await verdict(JSON.parse(line)));
})();
