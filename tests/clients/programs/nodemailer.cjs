// nodemailer's SES transport as its manual has it, on AWS's own client. Tests are printed as JUnit, one line a case.
"use strict";
const { createRequire } = require("node:module");
const { writeFileSync } = require("node:fs");

const [from, report, key] = process.argv.slice(2);
const installed = createRequire(`${from}/package.json`);
const nodemailer = installed("nodemailer");
const { SESv2Client, SendEmailCommand } = installed("@aws-sdk/client-sesv2");
const sesClient = new SESv2Client({});
const transport = (more = {}) => nodemailer.createTransport({ SES: { sesClient, SendEmailCommand }, ...more });

const cases = {
  async "sends to everybody and shows nobody hidden"() {
    const info = await transport().sendMail({
      from: "Täube <sender@example.com>",
      to: "to@example.net",
      cc: "cc@example.net",
      bcc: "hidden@example.net",
      subject: "nodemailer, everything",
      text: "Grüße",
      html: "<p>Grüße</p>",
      attachments: [{ filename: "Anhang ü.bin", content: Buffer.from(Array.from({ length: 256 }, (_, i) => i)) }],
    });
    if (!/^<[0-9a-f-]+@/.test(info.messageId)) throw new Error(`messageId ${info.messageId}`);
  },
  async "verify() holds"() {
    if ((await transport().verify()) !== true) throw new Error("not true");
  },
  async "verify() fails with a wrong key"() {
    const wrong = new SESv2Client({ credentials: { accessKeyId: "AKIAWRONG", secretAccessKey: "wrong" } });
    const failed = await transport({ SES: { sesClient: wrong, SendEmailCommand } }).verify().then(() => null, (e) => e);
    if (failed?.name !== "UnrecognizedClientException") throw new Error(`failed with ${failed}`);
  },
  async "signs with a key of its own"() {
    const dkim = { domainName: "signer.example", keySelector: "own", privateKey: require("node:fs").readFileSync(key, "utf8") };
    await transport().sendMail({ from: "sender@example.com", to: "dkim@example.net", subject: "signed", text: "x", dkim });
  },
  async "a sender who is not verified is refused"() {
    const failed = await transport().sendMail({ from: "a@other.example", to: "to@example.net", text: "x" }).catch((e) => e);
    if (failed.name !== "MessageRejected") throw new Error(`failed with ${failed}`);
  },
};

(async () => {
  const escaped = (text) => text.replace(/[<&"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const lines = [];
  for (const [name, run] of Object.entries(cases)) {
    const failure = await run().then(() => "", (e) => `<failure message="${escaped(String(e?.stack ?? e))}"/>`);
    lines.push(`<testcase classname="nodemailer" name="${escaped(name)}">${failure}</testcase>`);
  }
  writeFileSync(report, `<testsuite>${lines.join("\n")}</testsuite>`);
})();
