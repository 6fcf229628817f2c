#include "config/settings.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <sys/stat.h>

namespace kssedr::config {
namespace {

using std::chrono::days;
using std::chrono::minutes;

Environment complete() {
    return {{"tenantId", "t"}, {"clientId", "c"}, {"clientSecret", "s"}};
}

Environment with(std::initializer_list<std::pair<std::string const, std::string>> more) {
    auto environment = complete();
    for (auto const& [name, value] : more) environment[name] = value;
    return environment;
}

class File {
public:
    explicit File(std::string_view text) { std::ofstream(path_) << text; }
    ~File() { std::remove(path_.c_str()); }
    std::string const& path() const { return path_; }

private:
    std::string path_ = ::testing::TempDir() + "kssedr_load_test.toml";
};

TEST(Load, DefaultsAreTheContracts) {
    auto const loaded = load(complete(), {});
    ASSERT_TRUE(loaded);
    auto const& settings = loaded->settings;
    EXPECT_EQ(settings.cloud, *rotation::find_cloud("public"));
    EXPECT_EQ(settings.policy.mode, rotation::Mode::rotate);
    EXPECT_EQ(settings.policy.verify, rotation::Verify::best_effort);
    EXPECT_EQ(settings.policy.lead, days{30});
    EXPECT_EQ(settings.policy.default_validity, days{90});
    EXPECT_EQ(settings.policy.min_overlap, days{7});
    EXPECT_EQ(settings.invocation_budget, minutes{4});
    EXPECT_FALSE(settings.policy.vaults);
    EXPECT_FALSE(settings.policy.allowed);
    EXPECT_FALSE(settings.region_name);
    EXPECT_FALSE(settings.lock_container);
    EXPECT_FALSE(settings.is_only_instance);
    ASSERT_EQ(settings.own_credentials.size(), 1U);
    EXPECT_EQ(settings.own_credentials[0].name, "clientSecret");
    EXPECT_TRUE(loaded->warnings.empty());
    EXPECT_TRUE(check_identity(settings).empty());
}

TEST(Load, TheStoreIsWhereItIsSaidOrWhereSystemdKeepsState) {
    struct Case {
        std::string name;
        Environment more;
        std::string location;
    };
    for (auto const& c : std::vector<Case>{
             {"default", {}, "/var/lib/kssedr/kssedr.db"},
             {"systemd", {{"STATE_DIRECTORY", "/var/lib/private/k"}}, "/var/lib/private/k/kssedr.db"},
             {"systemd, several", {{"STATE_DIRECTORY", "/a:/b"}}, "/a/kssedr.db"},
             {"nonsense", {{"STATE_DIRECTORY", "a"}}, "/var/lib/kssedr/kssedr.db"},
             {"set", {{"KSSEDR_STORE", "/k.db"}, {"STATE_DIRECTORY", "/a"}}, "/k.db"},
             {"set empty", {{"KSSEDR_STORE", ""}}, "/var/lib/kssedr/kssedr.db"},
             {"server", {{"KSSEDR_STORE", "postgresql://me@host/db"}}, "postgresql://me@host/db"},
         }) {
        auto environment = complete();
        environment.insert(c.more.begin(), c.more.end());
        auto const loaded = load(environment, {});
        ASSERT_TRUE(loaded) << c.name;
        EXPECT_EQ(loaded->settings.store_location, c.location) << c.name;
    }
    EXPECT_EQ(load(complete(), {})->settings.history_retention, days{730});
    EXPECT_EQ(load(with({{"KSSEDR_HISTORY_RETENTION", "P30D"}}), {})->settings.history_retention, days{30});
    EXPECT_FALSE(load(with({{"KSSEDR_HISTORY_RETENTION", "PT1H"}}), {}));
    File const file("store = \"/from-file.db\"\nhistory_retention = \"P90D\"\n");
    auto const loaded = load(complete(), {.config_file = file.path()});
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->settings.store_location, "/from-file.db");
    EXPECT_EQ(loaded->settings.history_retention, days{90});
}

TEST(Load, TheEnvironmentSetsEverything) {
    auto const loaded =
        load(with({{"KSSEDR_CLOUD", "usgovernment"},
                   {"KSSEDR_KEYVAULT_SUFFIX", "Vault.localhost:8443"},
                   {"KSSEDR_STORAGE_SUFFIX", ".storage.localhost:8443"},
                   {"AZURE_AUTHORITY_HOST", "https://login.localhost:8443/"},
                   {"KSSEDR_RESOURCE_MANAGER_URL", "https://management.localhost:8443"},
                   {"KSSEDR_GRAPH_URL", "https://Graph.localhost:8443/"},
                   {"KSSEDR_RESOLVE", "*:8443:127.0.0.1, a.b:1:[::1]"},
                   {"KSSEDR_MODE", "observe"},
                   {"KSSEDR_VAULTS", "demo, second.vault.localhost:8443"},
                   {"KSSEDR_ALLOWED_TARGETS", "demo=/subscriptions/s1, /subscriptions/s2/resourceGroups/g"},
                   {"KSSEDR_LEAD", "P10D"},
                   {"KSSEDR_DEFAULT_VALIDITY", "P60D"},
                   {"KSSEDR_MIN_OVERLAP", "P1D"},
                   {"KSSEDR_VERIFY", "off"},
                   {"KSSEDR_INVOCATION_BUDGET", "PT1M"},
                   {"KSSEDR_LOCKS", "none"},
                   {"REGION_NAME", "West Europe"},
                   {"FUNCTIONS_CUSTOMHANDLER_PORT", "7071"},
                   {"SSL_CERT_FILE", "/etc/passwd"}}),
             {.ca_file = "/not-this.pem"});
    ASSERT_TRUE(loaded) << loaded.error().front();
    auto const& settings = loaded->settings;
    EXPECT_EQ(settings.cloud.authority, "https://login.localhost:8443");
    EXPECT_EQ(settings.cloud.vault_suffix, "vault.localhost:8443");
    EXPECT_EQ(settings.cloud.vault_audience(), "https://vault.localhost");
    EXPECT_EQ(settings.cloud.storage_suffix, "storage.localhost:8443");
    EXPECT_EQ(settings.cloud.resource_manager_audience, "https://management.localhost");
    EXPECT_EQ(settings.cloud.graph, "https://graph.localhost:8443");
    EXPECT_EQ(settings.cloud.graph_audience(), "https://graph.localhost");
    EXPECT_EQ(settings.resolve, (std::vector<std::string>{"*:8443:127.0.0.1", "a.b:1:[::1]"}));
    EXPECT_EQ(settings.policy.mode, rotation::Mode::observe);
    ASSERT_TRUE(settings.policy.vaults);
    EXPECT_EQ(settings.policy.vaults->at(0).text, "demo.vault.localhost:8443");
    EXPECT_EQ(settings.policy.vaults->at(1).text, "second.vault.localhost:8443");
    ASSERT_TRUE(settings.policy.allowed);
    EXPECT_EQ(settings.policy.allowed->entries().size(), 2U);
    EXPECT_EQ(settings.policy.lead, days{10});
    EXPECT_EQ(settings.invocation_budget, minutes{1});
    EXPECT_EQ(settings.region_name, "West Europe");
    EXPECT_EQ(settings.functions_port, 7071);
    EXPECT_EQ(settings.ca_file, "/etc/passwd");
    EXPECT_EQ(load(with({{"KSSEDR_VERIFY", "required"}}), {})->settings.policy.verify, rotation::Verify::required);
}

TEST(Load, DottedNamesHaveThreeSpellings) {
    for (std::string const name :
         {"EventHub.ConnectionString", "EventHub_ConnectionString", "EventHub__ConnectionString"})
        EXPECT_TRUE(load(with({{name, "Endpoint=sb://x/"}}), {})) << name;
    EXPECT_TRUE(load(with({{"EventHub.Name", "a"}, {"EventHub_Name", "a"}}), {}))
        << "the same value twice is no conflict";
    EXPECT_FALSE(load(with({{"EventHub.Name", "a"}, {"EventHub_Name", "b"}}), {}));
}

struct Wrong {
    std::string name;
    std::string value;
    std::string says;  // a part of the sentence, besides the name
};

TEST(Load, WhatIsWrongIsSaidByName) {
    for (auto const& wrong : std::vector<Wrong>{
             {"KSSEDR_CLOUD", "moon", "public, usgovernment and china"},
             {"KSSEDR_MODE", "on", "rotate, observe and paused"},
             {"KSSEDR_VERIFY", "yes", "best-effort"},
             {"KSSEDR_LEAD", "30", "P30D"},
             {"KSSEDR_LEAD", "P1Y", "P30D"},
             {"KSSEDR_LEAD", "PT0S", "P30D"},
             {"KSSEDR_DEFAULT_VALIDITY", "P0D", "P30D"},
             {"KSSEDR_DEFAULT_VALIDITY", "P99999D", "P3650D"},
             {"KSSEDR_MIN_OVERLAP", "-P1D", "P30D"},
             {"KSSEDR_INVOCATION_BUDGET", "four minutes", "PT4M"},
             {"KSSEDR_KEYVAULT_SUFFIX", "vault.azure.net/x", "suffix"},
             {"KSSEDR_KEYVAULT_SUFFIX", "vault.azure.net.", "suffix"},
             {"KSSEDR_RESOURCE_MANAGER_URL", "http://management.azure.com", "https://"},
             {"KSSEDR_RESOURCE_MANAGER_URL", "https://management.azure.com/x", "https://"},
             {"KSSEDR_GRAPH_URL", "graph.microsoft.com", "https://"},
             {"AZURE_AUTHORITY_HOST", "https://user@login", "https://"},
             {"KSSEDR_RESOLVE", "a.b", "host:port:address"},
             {"KSSEDR_RESOLVE", "a.b:x:1.2.3.4", "host:port:address"},
             {"KSSEDR_VAULTS", "evil.example", "vault"},
             {"KSSEDR_VAULTS", "/providers/Microsoft.Management/managementGroups/m", "management group"},
             {"KSSEDR_VAULTS", "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
              "or a vault"},
             {"KSSEDR_ALLOWED_TARGETS", "acct", "scope"},
             {"KSSEDR_ALLOWED_TARGETS", "/providers/Microsoft.Management/managementGroups/g", "management group"},
             {"KSSEDR_LOCKS", "all", "none, or the URL"},
             {"KSSEDR_LOCKS", "https://x/leases", "AzureWebJobsStorage"},
             {"KSSEDR_LOCKS", "https://demo.blob.core.windows.net", "container"},
             {"KSSEDR_LOCKS", "https://demo.blob.core.windows.net/Leases", "container"},
             {"KSSEDR_LOCKS", "https://demo.blob.core.windows.net/a/leases", "identity"},
             {"KSSEDR_LOCKS", "http://demo.blob.core.windows.net/leases", "not https"},
             {"KSSEDR_LOCKS", "http://127.0.0.1:10000/devstoreaccount1/leases", "AzureWebJobsStorage"},
             {"KSSEDR_LOCKS", "https://demo.blob.core.windows.net/leases?sv=1&sig=quoted", "signature does not belong"},
             {"KSSEDR_LOCKS", "https://demo.blob.core.windows.net.evil.example/leases", "identity"},
             {"AzureWebJobsStorage__blobServiceUri", "https://evil.example", "identity"},
             {"AzureWebJobsStorage__accountName", "evil.example/", "identity"},
             {"FUNCTIONS_CUSTOMHANDLER_PORT", "http", "port"},
             {"FUNCTIONS_CUSTOMHANDLER_PORT", "70000", "port"},
             {"SSL_CERT_FILE", "/no/such.pem", "can not be read"},
             {"tenantId", "a/b", "id"},
             {"KSSEDR_MOED", "rotate", "did you mean KSSEDR_MODE?"},
             {"KSSEDR_ALLOWED_TARGET", "/", "did you mean KSSEDR_ALLOWED_TARGETS?"},
             {"AZURE_CLIENT_ID", "other", "differ"},
         }) {
        SCOPED_TRACE(wrong.name + "=" + wrong.value);
        auto const loaded = load(with({{wrong.name, wrong.value}}), {});
        ASSERT_FALSE(loaded);
        ASSERT_EQ(loaded.error().size(), 1U) << loaded.error().back();
        auto const& said = loaded.error().front();
        EXPECT_NE(said.find(wrong.name), std::string::npos) << said;
        EXPECT_NE(said.find(wrong.says), std::string::npos) << said;
        EXPECT_EQ(said.find("sig="), std::string::npos) << said;
    }
}

TEST(Load, InstancesMeetInTheFunctionsOwnStorageUnlessToldOtherwise) {
    std::string const connection =
        "DefaultEndpointsProtocol=https;AccountName=demo;AccountKey=a2V5;EndpointSuffix=core.windows.net";
    struct Case {
        std::string name;
        Environment environment;
        std::string endpoint, container, account, key, signature;
    };
    for (auto const& c : std::vector<Case>{
             {"a connection string",
              {{"AzureWebJobsStorage", connection}},
              "https://demo.blob.core.windows.net",
              "kssedr-leases",
              "demo",
              "a2V5",
              ""},
             {"an identity",
              {{"AzureWebJobsStorage__accountName", "demo"}},
              "https://demo.blob.core.windows.net",
              "kssedr-leases",
              "",
              "",
              ""},
             {"an identity and a service",
              {{"AzureWebJobsStorage__accountName", "demo"},
               {"AzureWebJobsStorage__blobServiceUri", "https://demo.z1.blob.storage.azure.net/"}},
              "https://demo.z1.blob.storage.azure.net",
              "kssedr-leases",
              "",
              "",
              ""},
             {"the development storage",
              {{"AzureWebJobsStorage", "UseDevelopmentStorage=true"}},
              "http://127.0.0.1:10000/devstoreaccount1",
              "kssedr-leases",
              "devstoreaccount1",
              "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
              ""},
             {"a container of one's own",
              {{"AzureWebJobsStorage", connection}, {"KSSEDR_LOCKS", "https://Demo.blob.core.windows.net/mine/"}},
              "https://demo.blob.core.windows.net",
              "mine",
              "demo",
              "a2V5",
              ""},
             {"a container elsewhere, so by identity",
              {{"AzureWebJobsStorage", connection}, {"KSSEDR_LOCKS", "https://other.blob.core.windows.net/mine"}},
              "https://other.blob.core.windows.net",
              "mine",
              "",
              "",
              ""},
             {"a container elsewhere alone",
              {{"KSSEDR_LOCKS", "https://other.blob.core.windows.net/mine"}},
              "https://other.blob.core.windows.net",
              "mine",
              "",
              "",
              ""},
             {"a signature",
              {{"AzureWebJobsStorage",
                "BlobEndpoint=https://demo.blob.core.windows.net/;SharedAccessSignature=?sv=1&sig=a%2Fb%3D"}},
              "https://demo.blob.core.windows.net",
              "kssedr-leases",
              "",
              "",
              "sv=1&sig=a%2Fb%3D"},
         }) {
        SCOPED_TRACE(c.name);
        auto const loaded = load(c.environment, {});
        ASSERT_TRUE(loaded) << loaded.error().front();
        auto const& container = loaded->settings.lock_container;
        ASSERT_TRUE(container);
        EXPECT_EQ(container->storage.endpoint, c.endpoint);
        EXPECT_EQ(container->name, c.container);
        EXPECT_EQ(container->storage.account, c.account);
        EXPECT_TRUE(container->storage.account_key.equals(c.key));
        EXPECT_TRUE(container->storage.shared_access_signature.equals(c.signature));
    }
}

TEST(Load, NoLocksAreASettingOfTheirOwn) {
    auto const loaded = load(with({{"KSSEDR_LOCKS", "none"}, {"AzureWebJobsStorage", "nonsense"}}), {});
    ASSERT_TRUE(loaded) << "what is not used need not be right";
    EXPECT_FALSE(loaded->settings.lock_container);
    EXPECT_TRUE(loaded->settings.is_only_instance);
}

TEST(Load, AStorageSettingThatIsWrongIsSaidWithoutItsValue) {
    for (auto const* const value :
         {"nonsense-that-may-be-secret", "AccountName=demo", "AccountName=demo;AccountKey=not-secret-base64",
          "AccountName=demo;AccountKey=a2V5;AccountKey=a2V5", "AccountKey=a2V5secret",
          "AccountName=UPPER;AccountKey=a2V5", "AccountName=demo;AccountKey=a2V5;SharedAccessSignature=secret",
          "SharedAccessSignature=secret", "DefaultEndpointsProtocol=http;AccountName=demo;AccountKey=a2V5",
          "BlobEndpoint=http://azurite:10000/demo;AccountName=demo;AccountKey=a2V5",
          "BlobEndpoint=https://user:secret@host/;AccountName=demo;AccountKey=a2V5",
          "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://secret"}) {
        SCOPED_TRACE(value);
        auto const loaded = load(with({{"AzureWebJobsStorage", value}}), {});
        ASSERT_FALSE(loaded);
        ASSERT_EQ(loaded.error().size(), 1U);
        auto const& said = loaded.error().front();
        EXPECT_TRUE(said.starts_with("AzureWebJobsStorage: ")) << said;
        EXPECT_NE(said.find("KSSEDR_LOCKS=none"), std::string::npos) << said;
        EXPECT_EQ(said.find("secret"), std::string::npos) << said;
        EXPECT_EQ(said.find("a2V5"), std::string::npos) << said;
    }
}

TEST(Load, OwnCredentialsAreKnownByTheNameTheyWereSetUnder) {
    auto const loaded = load(with({{"AzureWebJobsStorage", " UseDevelopmentStorage=true "},
                                   {"EventHub_ConnectionString", "Endpoint=sb://x/"}}),
                             {});
    ASSERT_TRUE(loaded);
    auto const& own = loaded->settings.own_credentials;
    ASSERT_EQ(own.size(), 3U);
    EXPECT_EQ(own[2].name, "clientSecret");
    EXPECT_EQ(own[0].name, "AzureWebJobsStorage");
    EXPECT_TRUE(own[0].value.equals("UseDevelopmentStorage=true"));
    EXPECT_EQ(own[1].name, "EventHub_ConnectionString");
    EXPECT_TRUE(own[1].value.equals("Endpoint=sb://x/"));
}

TEST(Load, AllThatIsWrongIsSaidAtOnce) {
    auto const loaded = load(with({{"KSSEDR_LEAD", "x"}, {"KSSEDR_MODE", "x"}, {"KSSEDR_X", "x"}}), {});
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().size(), 3U);
}

TEST(Load, AnEmptyListAllowsNothingAndIsNotNoList) {
    auto const loaded = load(with({{"KSSEDR_ALLOWED_TARGETS", ""}, {"KSSEDR_VAULTS", " , "}}), {});
    ASSERT_TRUE(loaded);
    ASSERT_TRUE(loaded->settings.policy.allowed);
    EXPECT_TRUE(loaded->settings.policy.allowed->entries().empty());
    ASSERT_TRUE(loaded->settings.policy.vaults);
    EXPECT_TRUE(loaded->settings.policy.names_vaults());
    EXPECT_TRUE(loaded->settings.policy.vaults->empty());
}

TEST(Load, VaultsMayBeNamedByScope) {
    auto const loaded = load(with({{"KSSEDR_VAULTS", "demo,/subscriptions/s/resourceGroups/g,/subscriptions/t"}}), {});
    ASSERT_TRUE(loaded);
    auto const& policy = loaded->settings.policy;
    EXPECT_EQ(policy.vaults, (std::vector<rotation::VaultHost>{{"demo.vault.azure.net"}}));
    ASSERT_EQ(policy.vault_scopes.size(), 2U);
    EXPECT_EQ(policy.vault_scopes[0].text(), "/subscriptions/s/resourceGroups/g");
}

TEST(Load, TheFileFillsInWhatTheEnvironmentLeaves) {
    File const file(R"(
mode = "observe"
lead = "P20D"
allowed_targets = ["demo=/subscriptions/s1", "/subscriptions/s2"]

[[rule]]
vault = "demo"
secret = "web"
target = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
validity = "P45D"
)");
    auto const loaded = load(with({{"KSSEDR_LEAD", "P10D"}}), {.config_file = file.path()});
    ASSERT_TRUE(loaded) << loaded.error().front();
    auto const& policy = loaded->settings.policy;
    EXPECT_EQ(policy.mode, rotation::Mode::observe);
    EXPECT_EQ(policy.lead, days{10}) << "the environment stands over the file";
    EXPECT_EQ(policy.allowed->entries().size(), 2U);
    ASSERT_EQ(policy.rules.size(), 1U);
    EXPECT_EQ(policy.rules[0].secret, "web");
    EXPECT_EQ(policy.rules[0].validity, days{45});
    EXPECT_NE(policy.rules[0].where.find(":6"), std::string::npos) << policy.rules[0].where;
    EXPECT_TRUE(load(with({{"KSSEDR_CONFIG", file.path()}}), {}));
}

TEST(Load, RulesHaveWindowsAndFreezes) {
    File const file(R"(
[[rule]]
windows = ["Mon-Fri 22:00-06:00 Europe/Berlin", "Sat,Sun 00:00-24:00"]
freeze = "2026-01-02T06:00:00Z"
revoke_after = "P14D"

[[rule]]
vault = "demo"
windows = []
)");
    auto const loaded = load(complete(), {.config_file = file.path()});
    ASSERT_TRUE(loaded) << loaded.error().front();
    auto const& rules = loaded->settings.policy.rules;
    ASSERT_EQ(rules.size(), 2U);
    ASSERT_TRUE(rules[0].windows);
    ASSERT_EQ(rules[0].windows->size(), 2U);
    EXPECT_TRUE(rules[0].windows->front().zone.name().ends_with("Europe/Berlin"));
    EXPECT_EQ(rules[0].windows->back().zone, cctz::utc_time_zone());
    EXPECT_EQ(rules[0].revoke_after, days{14});
    EXPECT_EQ(rules[0].freeze, "2026-01-02T06:00:00Z");
    ASSERT_TRUE(rules[1].windows);
    EXPECT_TRUE(rules[1].windows->empty()) << "none: at any time";
}

// An image without zone data is told at start, and UTC needs none.
TEST(Load, ZonesAreLookedForWhereTheyAre) {
    File const berlin("[[rule]]\nwindows = \"daily 22:00-24:00 Europe/Berlin\"\n");
    auto const nowhere = load(with({{"TZDIR", "/nonexistent"}}), {.config_file = berlin.path()});
    ASSERT_FALSE(nowhere);
    EXPECT_NE(nowhere.error().front().find("there is no zone data in /nonexistent; install tzdata"), std::string::npos)
        << nowhere.error().front();
    EXPECT_TRUE(load(with({{"TZDIR", "/usr/share/zoneinfo"}}), {.config_file = berlin.path()}));
    File const utc("[[rule]]\nwindows = \"daily 22:00-24:00\"\n");
    EXPECT_TRUE(load(with({{"TZDIR", "/nonexistent"}}), {.config_file = utc.path()}));
}

TEST(Load, MistakesInTheFileAreSaidWithTheirLine) {
    struct Case {
        std::string text, says;
    };
    for (auto const& c : std::vector<Case>{
             {"mode = observe", ":1:"},
             {"\nmoed = \"observe\"", ":2: there is no setting \"moed\"; did you mean mode?"},
             {"lead = 30", "lead is to be a text"},
             {"lead = \"30\"", "lead=30: write an ISO 8601 duration"},
             {"client_secret = \"x\"", "secrets are not set in the file"},
             {"clientSecret = \"x\"", "set clientSecret in the environment"},
             {"azure_client_secert = \"x\"", "set clientSecret in the environment"},
             {"app_secret_value = \"x\"", "set clientSecret in the environment"},
             {"client_certificate_password = \"x\"", "set AZURE_CLIENT_CERTIFICATE_PASSWORD in the environment"},
             {"AzureWebJobsStorage = \"x\"", "set AzureWebJobsStorage in the environment"},
             {"api_token = \"x\"", "set KSSEDR_API_TOKEN in the environment"},
             {"client_di = \"x\"", "did you mean client_id?"},
             {"clientId = \"x\"", "did you mean client_id?"},
             {"[rule]\nsecret = \"web\"", "[[rule]]"},
             {"[[rule]]\nsekret = \"web\"", ":2: a rule has no member"},
             {"[[rule]]\ntarget = \"/subscriptions/s1/resourceGroups/g/providers/a/b/c\"", "name the secret"},
             {"[[rule]]\nsecret = \"web\"\ntarget = \"/subscriptions/s1\"", "names no resource"},
             {"[[rule]]\nsecret = \"we b\"", "no secret's name"},
             {"[[rule]]\nvalidity = \"P0D\"", "no ISO 8601 duration"},
             {"[[rule]]\nvault = \"evil.example\"", "vault"},
             {"[[rule]]\nfreeze = \"soon\"", "neither true, false nor a time"},
             {"[[rule]]\nwindows = \"always\"", "is not understood"},
             {"[[rule]]\nwindows = [\"daily 22:00-24:00 UTC\", \"Sat 09:00-10:00 europe/berlim\"]",
              "there is no zone \"europe/berlim\"; did you mean Europe/Berlin?"},
             {"[[rule]]\nwindows = \"daily 22:00-24:00 ../../../etc/passwd\"", "there is no zone"},
         }) {
        SCOPED_TRACE(c.text);
        File const file(c.text);
        auto const loaded = load(complete(), {.config_file = file.path()});
        ASSERT_FALSE(loaded);
        EXPECT_NE(loaded.error().front().find(c.says), std::string::npos) << loaded.error().front();
    }
    for (std::string const path : {"/tmp", "/dev/zero"}) EXPECT_FALSE(load(complete(), {.config_file = path})) << path;
    std::string const pipe = ::testing::TempDir() + "kssedr_load_test.pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_FALSE(load(complete(), {.config_file = pipe})) << "and nobody is waited for";
    std::remove(pipe.c_str());
    auto const loaded = load(complete(), {.config_file = "/nonexistent/kssedr.toml"});
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().front().find("/nonexistent/kssedr.toml"), std::string::npos);
}

std::string repeat(std::string_view text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
}

TEST(Load, AFileOfDeepKeysIsRefusedWithItsLine) {
    for (auto const& text : {repeat("a.", 200'000) + "a = 1", "[" + repeat("a.", 200'000) + "a]\nx = 1",
                             "[[" + repeat("a . ", 100'000) + "a]]", "x = { " + repeat("'a'.", 100'000) + "a = 1 }",
                             "x = \"\"\"\"\"\"\"\"; " + repeat("a.", 100'000) + "a = 1",
                             "x = '#' # '\ny = \"\"\"\n\\\"\"\"\"\"\"\n" + repeat("a.", 100'000) + "a = 1",
                             "x = \"\\\\\"\n" + repeat("\"a\\\"\".", 100'000) + "a = 1"}) {
        File const file(text);
        auto const loaded = load(complete(), {.config_file = file.path()});
        ASSERT_FALSE(loaded) << text.substr(0, 60);
        EXPECT_TRUE(loaded.error().front().contains("more than 8 parts") || text.contains(';'))
            << loaded.error().front();
    }
    File const late("lead = 'P1D'\nvaults = [\n  'a.b', # a.a.a.a.a.a.a.a.a.a\n]\n" + repeat("a.", 20) + "a = 1");
    auto const loaded = load(complete(), {.config_file = late.path()});
    ASSERT_FALSE(loaded);
    EXPECT_TRUE(loaded.error().front().contains(".toml:5: ")) << loaded.error().front();
}

TEST(Load, NoPasswordOfAUrlIsRepeated) {
    for (std::string const name : {"AZURE_AUTHORITY_HOST", "KSSEDR_RESOURCE_MANAGER_URL", "KSSEDR_KEYVAULT_SUFFIX",
                                   "KSSEDR_VAULTS", "KSSEDR_ALLOWED_TARGETS", "KSSEDR_LOCKS", "KSSEDR_RESOLVE"}) {
        auto const loaded = load(with({{name, "https://me:s3cret@login.example"}}), {});
        ASSERT_FALSE(loaded) << name;
        for (auto const& problem : loaded.error()) {
            EXPECT_FALSE(problem.contains("s3cret")) << problem;
            EXPECT_TRUE(problem.starts_with(name)) << problem;
        }
    }
}

TEST(Load, DotsInTextsAndCommentsAreNoKeys) {
    File const file(
        "# a.a.a.a.a.a.a.a.a.a\n\n[[rule]]\nvault = 'demo' # a.a.a.a.a.a.a.a.a.a'\n"
        "secret = \"a-1\"\nlead = \"\"\"P1D\"\"\"\n");
    auto const loaded = load(with({{"KSSEDR_VAULTS", "demo"}}), {.config_file = file.path()});
    EXPECT_TRUE(loaded) << loaded.error().front();
    File const texts("x = 'a.a.a.a.a.a.a.a.a.a.a'\ny = \"\"\"\na.a.a.a.a.a.a.a.a.a.a \\\"\"\"\" .a.a.a.a\"\"\"\"\"\n");
    auto const refused = load(complete(), {.config_file = texts.path()});
    ASSERT_FALSE(refused);
    EXPECT_FALSE(refused.error().front().contains("parts")) << refused.error().front();
}

TEST(Load, NestingAtTheLimitsOfBothIsTakenApart) {
    File const file(repeat("x = { a.a.a.a.a.a.a.a = ", 1) + repeat("{ a.a.a.a.a.a.a.a = ", 250) + "1" +
                    repeat(" }", 251));
    EXPECT_FALSE(load(complete(), {.config_file = file.path()}));
}

TEST(Load, WhatAConfigurationFileIsCalledAndHoldsIsShownEscaped) {
    std::string const path = ::testing::TempDir() + "kssedr\x1b[31m\xe2\x80\xae.toml";
    for (std::string const text :
         {"\x1b[31m = 1", "a = \"\x1b[31m\"", "x = \x1b[31m", "\"\x1b[31m\" = \"x\"", "a = [[\x1b", "lead = 30",
          "[rule]", "[[rule]]\n\"\\u001b[31m\" = \"x\"", "\"\\u001b[31m\" = \"x\""}) {
        std::ofstream(path) << text;
        auto const loaded = load(complete(), {.config_file = path});
        ASSERT_FALSE(loaded) << text;
        for (auto const& problem : loaded.error()) {
            EXPECT_EQ(problem.find('\x1b'), std::string::npos) << problem;
            EXPECT_EQ(problem.find("\xe2\x80\xae"), std::string::npos) << problem;
        }
    }
    std::remove(path.c_str());
}

TEST(Load, AShortValidityIsWarnedOf) {
    auto const loaded = load(with({{"KSSEDR_DEFAULT_VALIDITY", "P10D"}}), {});
    ASSERT_TRUE(loaded);
    ASSERT_EQ(loaded->warnings.size(), 1U);
    EXPECT_NE(loaded->warnings[0].find("KSSEDR_DEFAULT_VALIDITY"), std::string::npos);
}

TEST(Identity, OneOfItsKindsMustBeWhole) {
    struct Case {
        std::string name;
        Environment environment;
        std::size_t problems;
    };
    for (auto const& c : std::vector<Case>{
             {"nothing", {}, 3},
             {"no secret", {{"tenantId", "t"}, {"clientId", "c"}}, 1},
             {"Azure's own names",
              {{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}, {"AZURE_CLIENT_SECRET", "s"}},
              0},
             {"workload identity",
              {{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}, {"AZURE_FEDERATED_TOKEN_FILE", "/f"}},
              0},
             {"a certificate",
              {{"AZURE_TENANT_ID", "t"},
               {"AZURE_CLIENT_ID", "c"},
               {"AZURE_CLIENT_CERTIFICATE_PATH", "/c.pem"},
               {"AZURE_CLIENT_CERTIFICATE_PASSWORD", " p "}},
              0},
             {"a certificate without its tenant", {{"AZURE_CLIENT_CERTIFICATE_PATH", "/c.pem"}}, 2},
             {"managed identity", {{"IDENTITY_ENDPOINT", "http://127.0.0.1/msi"}, {"IDENTITY_HEADER", "h"}}, 0},
             {"a secret without its tenant, beside a managed identity",
              {{"IDENTITY_ENDPOINT", "http://127.0.0.1/msi"}, {"clientSecret", "s"}},
              2},
         }) {
        SCOPED_TRACE(c.name);
        auto const loaded = load(c.environment, {});
        ASSERT_TRUE(loaded);
        EXPECT_EQ(check_identity(loaded->settings).size(), c.problems);
    }
}

// libcurl would write every connection's keys into the file it names, for whoever reads that to read our secrets.
TEST(Environment, NamesNoFileForTheKeysOfTls) {
    ASSERT_EQ(::setenv("SSLKEYLOGFILE", "/tmp/keys", 1), 0);
    forget_key_log();
    EXPECT_EQ(std::getenv("SSLKEYLOGFILE"), nullptr);
    EXPECT_FALSE(read_environment().contains("SSLKEYLOGFILE"));
}

}  // namespace
}  // namespace kssedr::config
