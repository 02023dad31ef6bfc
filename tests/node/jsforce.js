// jsforce against a simulated Salesforce: `node jsforce.js`, with the sign-in as JSON in $SIGN_IN.
// Prints how many things it tried; exits with 1 at the first that is not as with Salesforce.

import assert from "node:assert/strict";
import jsforce from "jsforce";

const VERSION = "59.0";
const known = JSON.parse(process.env.SIGN_IN);
const tried = [];

async function check(what, work) {
  try {
    await work();
  } catch (error) {
    console.error(`${what}: ${error.stack ?? error}`);
    process.exit(1);
  }
  tried.push(what);
}

async function refused(work, code) {
  await assert.rejects(work, (error) => {
    assert.equal(error.errorCode ?? error.name, code);
    return true;
  });
}

const conn = new jsforce.Connection({
  loginUrl: known.login_url,
  version: VERSION,
  maxRequest: 10,
});
conn.bulk2.pollInterval = 50;

await check("signs in with name, password and token", async () => {
  const user = await conn.login(known.username, known.password + known.security_token);
  assert.match(user.id, /^005/);
  assert.match(user.organizationId, /^00D/);
});

await check("is refused with a wrong password", async () => {
  const other = new jsforce.Connection({ loginUrl: known.login_url, version: VERSION });
  await assert.rejects(other.login(known.username, "wrong"), /INVALID_LOGIN/);
});

await check("signs in with client credentials", async () => {
  const oauth2 = {
    loginUrl: known.login_url,
    clientId: known.client_id,
    clientSecret: known.client_secret,
  };
  const other = new jsforce.Connection({ oauth2, version: VERSION });
  await other.authorize({ grant_type: "client_credentials" });
  assert.equal((await other.identity()).username, known.username);
});

await check("signs in in the browser with a code, and renews its session by itself", async () => {
  const oauth2 = new jsforce.OAuth2({
    loginUrl: known.login_url,
    clientId: known.client_id,
    clientSecret: known.client_secret,
    redirectUri: "http://localhost:1717/back",
    useVerifier: true,
  });
  const asked = new URL(oauth2.getAuthorizationUrl({ scope: "api refresh_token", state: "s1" }));
  const { username, password } = known;
  const form = { ...Object.fromEntries(asked.searchParams), username, password };
  const body = new URLSearchParams(form);
  const page = await fetch(asked.origin + asked.pathname, { method: "POST", body, redirect: "manual" });
  const back = new URL(page.headers.get("location")).searchParams;
  assert.equal(back.get("state"), "s1");
  const other = new jsforce.Connection({ oauth2, version: VERSION });
  await other.authorize(back.get("code"));
  const granted = other.accessToken;
  other.accessToken = "00D000000000001!stale";
  assert.equal((await other.query("SELECT Id FROM Organization")).totalSize, 1);
  assert.notEqual(other.accessToken, granted);
});

await check("describes", async () => {
  const names = (await conn.describeGlobal()).sobjects.map((one) => one.name);
  assert.ok(names.includes("Lead") && names.includes("Opportunity"));
  const lead = await conn.sobject("Lead").describe();
  assert.equal(lead.fields.find((one) => one.name === "LastName").nillable, false);
});

await check("queries page by page", async () => {
  const first = await conn.query("SELECT Id FROM Contact ORDER BY Id");
  assert.equal(first.records.length, 2000);
  assert.equal(first.done, false);
  const next = await conn.queryMore(first.nextRecordsUrl);
  assert.ok(next.records[0].Id > first.records[1999].Id);
  const all = await conn
    .query("SELECT Id, Account.Name FROM Contact")
    .execute({ autoFetch: true, maxFetch: 100000 });
  assert.equal(all.length ?? all.records.length, first.totalSize);
});

await check("finds rows by conditions", async () => {
  const found = await conn
    .sobject("Contact")
    .find({ LastName: { $like: "B%" } }, "Id, LastName")
    .sort({ LastName: 1 })
    .limit(5);
  assert.equal(found.length, 5);
  assert.ok(found.every((one) => one.LastName.startsWith("B")));
});

const made = {};

await check("creates, reads, changes and deletes a row", async () => {
  const leads = conn.sobject("Lead");
  const { id, success } = await leads.create({ LastName: "Berg", Company: "Berg AB" });
  assert.ok(success);
  await leads.update({ Id: id, Title: "CTO" });
  assert.equal((await leads.retrieve(id)).Title, "CTO");
  assert.ok((await leads.destroy(id)).success);
  await refused(leads.retrieve(id), "ENTITY_IS_DELETED");
  made.deleted = id;
});

await check("upserts by an external id", async () => {
  const contacts = conn.sobject("Contact");
  const row = { Apollo_Id__c: "js 1", LastName: "Berg" };
  assert.equal((await contacts.upsert(row, "Apollo_Id__c")).created, true);
  assert.equal((await contacts.upsert(row, "Apollo_Id__c")).created, false);
});

await check("sends collections", async () => {
  const contacts = conn.sobject("Contact");
  const results = await contacts.create([{ LastName: "A" }, { FirstName: "B" }, { LastName: "C" }]);
  assert.deepEqual(results.map((one) => one.success), [true, false, true]);
  assert.equal(results[1].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
  const ids = [results[0].id, results[2].id];
  const changed = await contacts.update(ids.map((Id) => ({ Id, Title: "CTO" })));
  assert.ok(changed.every((one) => one.success));
  assert.deepEqual((await contacts.retrieve(ids)).map((one) => one.Title), ["CTO", "CTO"]);
  assert.ok((await contacts.destroy(ids)).every((one) => one.success));
});

await check("finds the deleted with scanAll", async () => {
  const text = `SELECT Id, IsDeleted FROM Lead WHERE Id = '${made.deleted}'`;
  assert.equal((await conn.query(text)).totalSize, 0);
  const found = await conn.query(text, { scanAll: true });
  assert.equal(found.records[0].IsDeleted, true);
});

await check("asks what was changed and deleted", async () => {
  const hour = 3600 * 1000;
  const [start, end] = [new Date(Date.now() - hour), new Date(Date.now() + hour)];
  assert.ok((await conn.sobject("Contact").updated(start, end)).ids.length > 0);
  const gone = (await conn.sobject("Lead").deleted(start, end)).deletedRecords;
  assert.ok(gone.some((one) => one.id === made.deleted));
});

await check("reads limits", async () => {
  const { DailyApiRequests: daily } = await conn.limits();
  assert.ok(daily.Remaining < daily.Max);
  assert.equal(conn.limitInfo.apiUsage.limit, daily.Max);
});

await check("is told what is wrong", async () => {
  await refused(conn.query("SELECT Id FORM Lead"), "MALFORMED_QUERY");
  await refused(conn.query("SELECT Shoe__c FROM Lead"), "INVALID_FIELD");
  await refused(conn.sobject("Lead").create({ LastName: "A" }), "REQUIRED_FIELD_MISSING");
});

const people = Array.from({ length: 450 }, (_, n) => ({
  Apollo_Id__c: `node-${n}`,
  LastName: `Node ${n}`,
}));
const load = (operation, input, more = {}) =>
  conn.bulk2.loadAndWaitForResults({ object: "Contact", operation, input, ...more });

await check("inserts in bulk", async () => {
  const told = await load("insert", [...people, { Apollo_Id__c: "none", LastName: "" }]);
  assert.equal(told.successfulResults.length, 450);
  assert.equal(told.failedResults.length, 1);
  assert.match(told.failedResults[0].sf__Error, /^REQUIRED_FIELD_MISSING:/);
  assert.equal(told.unprocessedRecords.length, 0);
});

await check("upserts in bulk", async () => {
  const input = [...people.slice(0, 10), { Apollo_Id__c: "node-new", LastName: "New" }];
  const told = await load("upsert", input, { externalIdFieldName: "Apollo_Id__c" });
  const created = told.successfulResults.filter((one) => one.sf__Created === "true");
  assert.deepEqual(created.map((one) => one.Apollo_Id__c), ["node-new"]);
});

await check("queries in bulk", async () => {
  const text = "SELECT Id, Apollo_Id__c FROM Contact WHERE Apollo_Id__c LIKE 'node-%'";
  const found = await (await conn.bulk2.query(text)).toArray();
  assert.equal(found.length, 451);
  made.ids = found.map((one) => one.Id);
});

await check("deletes in bulk, and finds the deleted with scanAll", async () => {
  const told = await load("delete", made.ids.map((Id) => ({ Id })));
  assert.equal(told.successfulResults.length, 451);
  const text = "SELECT Id, IsDeleted FROM Contact WHERE Apollo_Id__c LIKE 'node-%'";
  assert.equal((await (await conn.bulk2.query(text)).toArray()).length, 0);
  const gone = await (await conn.bulk2.query(text, { scanAll: true })).toArray();
  assert.equal(gone.length, 451);
  assert.ok(gone.every((one) => one.IsDeleted === "true"));
});

await check("is told why a job failed", async () => {
  await assert.rejects(load("insert", [{ LastName: "A", Shoe__c: "42" }]), /Shoe__c/);
  await refused(load("hardDelete", [{ Id: made.deleted }]), "FEATURENOTENABLED");
});

await check("signs out", async () => {
  const { accessToken, instanceUrl } = conn;
  await conn.logout();
  const stale = new jsforce.Connection({ accessToken, instanceUrl, version: VERSION });
  await refused(stale.query("SELECT Id FROM Lead LIMIT 1"), "INVALID_SESSION_ID");
});

console.log(`jsforce ${jsforce.VERSION}: ${tried.length} things tried, all as with Salesforce`);
