import assert from "node:assert/strict";
const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = process.env;
const answer = await fetch(`${url}&audience=harbour`, { headers: { authorization: `Bearer ${token}` } });
assert.equal(answer.status, 200);
const { value } = await answer.json();
const claims = JSON.parse(Buffer.from(value.split(".")[1], "base64url").toString());
assert.equal(claims.aud, "harbour");
assert.equal(claims.sha, process.env.GITHUB_SHA);
assert.equal((await fetch(`${url}&audience=harbour`)).status, 401);
