// Microsoft's JavaScript clients against the local Azure, by the real host names, through HTTPS_PROXY.
// Prints one line a check: `ok NAME` or `not ok NAME: why`.

import { ClientCertificateCredential, ClientSecretCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { StorageManagementClient } from "@azure/arm-storage";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import assert from "node:assert/strict";

const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, CERTIFICATE_FILE, SUBSCRIPTION_ID } = process.env;
const credential = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET);
const vault = new SecretClient("https://demo.vault.azure.net", credential);
const storage = new StorageManagementClient(credential, SUBSCRIPTION_ID);

async function check(name, body) {
  try {
    await body();
    console.log(`ok node: ${name}`);
  } catch (error) {
    console.log(`not ok node: ${name}: ${String(error.message ?? error).split("\n")[0]}`);
  }
}

const blobs = (key) =>
  new BlobServiceClient("https://demostorage.blob.core.windows.net", new StorageSharedKeyCredential("demostorage", key), {
    retryOptions: { maxTries: 1 },
  });

await check("a wrong client secret is said by its AADSTS code", async () => {
  const wrong = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, "wrong");
  await assert.rejects(wrong.getToken("https://vault.azure.net/.default"), /AADSTS7000215/);
});

await check("a registered certificate signs in", async () => {
  const certified = new ClientCertificateCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, CERTIFICATE_FILE);
  assert.ok((await certified.getToken("https://vault.azure.net/.default")).token);
});

await check("set, get, and versions of a secret", async () => {
  const expiresOn = new Date("2031-01-02T03:04:05Z");
  const first = await vault.setSecret("from-node", "one", { tags: { CredentialId: "key1" }, contentType: "text/plain", expiresOn });
  assert.equal(first.properties.expiresOn.getTime(), expiresOn.getTime());
  const second = await vault.setSecret("from-node", "two");
  const got = await vault.getSecret("from-node");
  assert.equal(got.value, "two");
  assert.equal(got.properties.version, second.properties.version);
  const old = await vault.getSecret("from-node", { version: first.properties.version });
  assert.equal(old.value, "one");
  assert.deepEqual(old.properties.tags, { CredentialId: "key1" });
  const versions = new Set();
  for await (const one of vault.listPropertiesOfSecretVersions("from-node")) versions.add(one.version);
  assert.deepEqual(versions, new Set([first.properties.version, second.properties.version]));
});

await check("a secret that is not there is SecretNotFound", async () => {
  await assert.rejects(vault.getSecret("never-made"), (error) => error.statusCode === 404 && error.code === "SecretNotFound");
});

await check("listing follows pages", async () => {
  for (let i = 0; i < 7; ++i) await vault.setSecret(`page-${i}`, "v");
  const names = [];
  for await (const page of vault.listPropertiesOfSecrets().byPage({ maxPageSize: 3 })) {
    assert.ok(page.length <= 3);
    names.push(...page.map((one) => one.name));
  }
  for (let i = 0; i < 7; ++i) assert.equal(names.filter((name) => name === `page-${i}`).length, 1);
});

await check("a disabled secret cannot be read and can be enabled again", async () => {
  const made = await vault.setSecret("off-and-on", "v");
  await vault.updateSecretProperties("off-and-on", made.properties.version, { enabled: false });
  await assert.rejects(vault.getSecret("off-and-on"), (error) => error.statusCode === 403);
  await vault.updateSecretProperties("off-and-on", made.properties.version, { enabled: true });
  assert.equal((await vault.getSecret("off-and-on")).value, "v");
});

await check("delete, recover, purge", async () => {
  await vault.setSecret("gone", "v");
  const poller = await vault.beginDeleteSecret("gone", { intervalInMs: 50 });
  await poller.pollUntilDone();
  await assert.rejects(vault.setSecret("gone", "w"), (error) => error.statusCode === 409);
  const recovery = await vault.beginRecoverDeletedSecret("gone", { intervalInMs: 500 });
  await recovery.pollUntilDone();
  assert.equal((await vault.getSecret("gone")).value, "v");
  await (await vault.beginDeleteSecret("gone", { intervalInMs: 50 })).pollUntilDone();
  await vault.purgeDeletedSecret("gone");
  await assert.rejects(vault.getDeletedSecret("gone"), (error) => error.statusCode === 404);
});

await check("a regenerated storage key works at the blob endpoint and the old one does not", async () => {
  const before = await storage.storageAccounts.listKeys("demo", "demostorage");
  assert.deepEqual(before.keys.map((key) => key.keyName), ["key1", "key2"]);
  const containers = blobs(before.keys[1].value).getContainerClient("from-node");
  await containers.create();
  await containers.getBlockBlobClient("a/b c+d.txt").upload("hello", 5);
  const after = await storage.storageAccounts.regenerateKey("demo", "demostorage", { keyName: "key2" });
  assert.equal(after.keys[0].value, before.keys[0].value);
  assert.notEqual(after.keys[1].value, before.keys[1].value);
  assert.ok(after.keys[1].creationTime >= before.keys[1].creationTime);
  await assert.rejects(containers.getProperties(), (error) => error.statusCode === 403 && error.code === "AuthenticationFailed");
  const renewed = blobs(after.keys[1].value).getContainerClient("from-node");
  const downloaded = await renewed.getBlockBlobClient("a/b c+d.txt").downloadToBuffer();
  assert.equal(downloaded.toString(), "hello");
  const names = [];
  for await (const blob of renewed.listBlobsFlat({ prefix: "a/" })) names.push(blob.name);
  assert.deepEqual(names, ["a/b c+d.txt"]);
  await renewed.delete();
});

await check("the blob endpoint takes Entra tokens", async () => {
  const service = new BlobServiceClient("https://demostorage.blob.core.windows.net", credential);
  const names = [];
  for await (const container of service.listContainers()) names.push(container.name);
  assert.deepEqual(names, []);
});

await check("storage accounts are listed with their endpoints", async () => {
  const accounts = [];
  for await (const account of storage.storageAccounts.list()) accounts.push(account);
  assert.equal(accounts.length, 1);
  assert.equal(accounts[0].primaryEndpoints.blob, "https://demostorage.blob.core.windows.net/");
  assert.ok(accounts[0].keyCreationTime.key1 instanceof Date);
});

await check("an account that is not there is ResourceNotFound", async () => {
  await assert.rejects(storage.storageAccounts.getProperties("demo", "nosuch"), (error) => error.statusCode === 404 && error.code === "ResourceNotFound");
});
