#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/printer.h"
#include "cli/providers.h"
#include "cli/rotate.h"
#include "support/coro_test.h"
#include "support/scene.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kssedr::cli {
namespace {

using rotation::Outcome;
using rotation::OutcomeKind;

std::expected<CommandLine, int> parse(std::vector<char const*> words) {
    words.insert(words.begin(), "kssedr");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

TEST(CommandLine, YesIsForCompromisedOnly) {
    EXPECT_FALSE(parse({"rotate", "https://v.x/secrets/a", "--yes"}));
    auto const line = parse({"rotate", "https://v.x/secrets/a", "--compromised", "--yes"});
    ASSERT_TRUE(line);
    EXPECT_TRUE(line->is_compromised && line->is_sure);
}

// Without --yes it says what it would do; only a person's yes goes further.
CORO_TEST(Rotate, CompromisedAsksFirst) {
    struct Case {
        std::string name;
        bool is_sure;
        std::optional<bool> answer;  // nothing: nobody to ask
        int exit_code, regenerations;
    };
    for (auto const& c : std::vector<Case>{{"nobody to ask", false, {}, exit_usage, 0},
                                           {"a person says no", false, false, exit_usage, 0},
                                           {"a person says yes", false, true, exit_done, 2},
                                           {"--yes", true, {}, exit_done, 2}}) {
        SCOPED_TRACE(c.name);
        test::Scene scene(clock());
        engine::InProcessLock lock(clock());
        engine::Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log},
                                scene.policy);
        CommandLine line;
        line.is_compromised = true;
        line.is_sure = c.is_sure;
        std::string asked;
        Confirm confirm;
        if (c.answer)
            confirm = [&](std::string_view question) {
                asked = question;
                return *c.answer;
            };
        auto const result = co_await run_rotate(line, {{"demo.vault.azure.net"}, "web"}, rotator, clock(), {}, confirm);
        EXPECT_EQ(result.exit_code, c.exit_code);
        EXPECT_EQ(scene.azure.regenerations, c.regenerations);
        std::string const would = "would regenerate key2, publish key2 to demo.vault.azure.net/web and regenerate key1";
        if (c.answer) EXPECT_TRUE(asked.starts_with("This " + would)) << asked;
        if (c.exit_code == exit_usage)
            EXPECT_TRUE(result.complaint.starts_with("--compromised " + would)) << result.complaint;
    }
}

TEST(CommandLine, TakesOptionsBeforeAndAfterTheCommand) {
    for (auto const& words : std::vector<std::vector<char const*>>{
             {"--json", "--log-level", "debug", "rotate", "https://v.x/secrets/a", "--dry-run"},
             {"rotate", "--dry-run", "https://v.x/secrets/a", "--json", "--log-level", "debug"}}) {
        auto const line = parse(words);
        ASSERT_TRUE(line);
        EXPECT_EQ(line->command, Command::rotate);
        EXPECT_EQ(line->secret_url, "https://v.x/secrets/a");
        EXPECT_TRUE(line->json);
        EXPECT_TRUE(line->is_dry_run);
        EXPECT_FALSE(line->is_forced);
        EXPECT_EQ(line->log_level, LogLevel::debug);
    }
    auto const handle = parse({"handle"});
    ASSERT_TRUE(handle);
    EXPECT_EQ(handle->file, "-");
}

TEST(CommandLine, WrongUsageIsTwoAndHelpIsZero) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    for (auto const& words : std::vector<std::vector<char const*>>{{},
                                                                   {"rotate"},
                                                                   {"explode"},
                                                                   {"rotate", "a", "b"},
                                                                   {"--log-level", "loud", "version"},
                                                                   {"version", "--no-such-option"}}) {
        auto const line = parse(words);
        ASSERT_FALSE(line);
        EXPECT_EQ(line.error(), exit_usage);
    }
    for (auto const* word : {"--help", "--version"}) {
        auto const line = parse({word});
        ASSERT_FALSE(line);
        EXPECT_EQ(line.error(), exit_done);
    }
    (void)testing::internal::GetCapturedStdout();
    (void)testing::internal::GetCapturedStderr();
}

TEST(CommandLine, AnUnknownCommandIsNamedWithTheNearest) {
    struct Case {
        std::vector<char const*> words;
        std::string_view says;
    };
    for (auto const& c : std::vector<Case>{
             {{"sweeep"}, "kssedr: there is no command \"sweeep\"; did you mean sweep?\n"},
             {{"doctor"}, "kssedr: there is no command \"doctor\"; did you mean "},
             {{"--json", "Explain", "https://v.x/secrets/a"}, "no command \"Explain\"; did you mean explain?"},
             {{"plam", "--within", "P1D"}, "no command \"plam\"; did you mean plan?"},
             {{}, "kssedr: A subcommand is required"},
             {{"version", "more"}, "more"}}) {
        testing::internal::CaptureStderr();
        auto const line = parse(c.words);
        auto const said = testing::internal::GetCapturedStderr();
        ASSERT_FALSE(line);
        EXPECT_EQ(line.error(), exit_usage);
        EXPECT_NE(said.find(c.says), std::string::npos) << said;
    }
}

TEST(CommandLine, NoPasswordOfAUrlIsRepeated) {
    for (auto const& words : std::vector<std::vector<char const*>>{{"rotate", "https://me:s3cret@v.x/secrets/a"},
                                                                   {"explain", "https://me:s3c@s3cret@v.x/secrets/a"},
                                                                   {"plan", "v", "me:s3cret@v.x"},
                                                                   {"sweep", "https://s3cret@v.x"},
                                                                   {"rotate", "a", "https://me:s3cret@v.x/"},
                                                                   {"rotate", "--x=https://me:s3cret@v.x/"}}) {
        testing::internal::CaptureStderr();
        auto const line = parse(words);
        auto const said = testing::internal::GetCapturedStderr();
        EXPECT_FALSE(said.contains("s3cret")) << said;
        ASSERT_FALSE(line) << words.back();
        EXPECT_EQ(line.error(), exit_usage);
    }
}

// Arguments may come from anywhere: what is said of them must neither move a cursor nor bury what it says.
TEST(CommandLine, WrongArgumentsAreShownEscapedAndShort) {
    std::string const evil = "\x1b]0;pwned\x07\xe2\x80\xae";
    std::string const long_one(5000, 'x');
    for (auto const& words : std::vector<std::vector<std::string>>{{"version", evil},
                                                                   {evil},
                                                                   {"version", "--" + evil},
                                                                   {"version", "--log-level", evil},
                                                                   {"version", "--log-level=" + evil},
                                                                   {"plan", "--within", evil},
                                                                   {"plan", "--within=" + evil},
                                                                   {"version", "--log-format=" + evil},
                                                                   {"version", "--json=" + evil},
                                                                   {"version", long_one},
                                                                   {"version", "--log-level", long_one},
                                                                   {"version", "a\nb"}}) {
        std::vector<char const*> arguments;
        for (auto const& word : words) arguments.push_back(word.c_str());
        testing::internal::CaptureStderr();
        testing::internal::CaptureStdout();
        auto const line = parse(arguments);
        auto const said = testing::internal::GetCapturedStderr();
        EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
        ASSERT_FALSE(line) << words.back();
        EXPECT_EQ(line.error(), exit_usage);
        EXPECT_EQ(said.find_first_of("\x1b\x07"), std::string::npos) << said;
        EXPECT_EQ(said.find("\xe2\x80\xae"), std::string::npos) << said;
        EXPECT_EQ(said.find(std::string(129, 'x')), std::string::npos) << said;
        EXPECT_EQ(std::ranges::count(said, '\n'), 2) << said;
        EXPECT_TRUE(said.starts_with("kssedr: ")) << said;
    }
}

TEST(ExitCode, TheGravestDecides) {
    struct Case {
        std::vector<OutcomeKind> kinds;
        Unmanaged unmanaged;
        int code;
    };
    using enum OutcomeKind;
    for (auto const& c :
         std::vector<Case>{{{}, Unmanaged::is_fine, 0},
                           {{rotated, adopted, repaired, superseded, ignored, deferred}, Unmanaged::is_fine, 0},
                           {{unmanaged}, Unmanaged::is_fine, 0},
                           {{unmanaged}, Unmanaged::needs_person, 3},
                           {{rotated, failed}, Unmanaged::is_fine, 1},
                           {{failed, refused}, Unmanaged::is_fine, 3},
                           {{refused}, Unmanaged::needs_person, 3}}) {
        std::vector<Outcome> outcomes;
        for (auto const kind : c.kinds) outcomes.push_back({.kind = kind});
        EXPECT_EQ(exit_code(outcomes, c.unmanaged), c.code);
    }
}

Outcome rotated_outcome() {
    Outcome outcome;
    outcome.kind = OutcomeKind::rotated;
    outcome.code = "rotated";
    outcome.reason = "nobody holds key2";
    outcome.vault = "demo.vault.azure.net";
    outcome.secret = "web";
    outcome.credential = "key2";
    outcome.former_credential = "key1";
    outcome.new_version = "0123";
    outcome.expires = parse_rfc3339("2026-04-15T09:30:00Z");
    return outcome;
}

TEST(Printer, SaysAnOutcomeToPeopleAndToMachines) {
    auto const outcome = rotated_outcome();
    EXPECT_EQ(format_result(outcome, {}),
              "rotated    demo.vault.azure.net/web  key1 -> key2  expires 2026-04-15T09:30:00Z\n"
              "           nobody holds key2\n"
              "           new version 0123\n");
    EXPECT_NE(format_result(outcome, {.color = true}).find("\x1b[32mrotated"), std::string::npos);
    auto const json = format_result(outcome, {.json = true});
    EXPECT_TRUE(json.starts_with(R"({"schema":1,"outcome":"rotated",)")) << json;
    EXPECT_EQ(std::ranges::count(json, '\n'), 1);
}

TEST(Printer, APlanTellsNoIdThatIsNobodys) {
    auto outcome = rotated_outcome();
    outcome.new_version = "00000000000000000000000000000001";
    outcome.credential = "00000000-0000-0000-0000-000000000001";
    outcome.verified = "yes";
    auto const json = format_result(outcome, {.json = true, .is_plan = true});
    for (auto const* left_out : {"newVersion", "\"credential\"", "verified", "0000000"})
        EXPECT_EQ(json.find(left_out), std::string::npos) << json;
    EXPECT_NE(json.find(R"("formerCredential":"key1")"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("planned":true)"), std::string::npos) << json;
    auto const text = format_result(outcome, {.is_plan = true});
    EXPECT_NE(text.find("key1 -> (new)"), std::string::npos) << text;
    outcome.credential = "key2";
    auto const named = format_result(outcome, {.json = true, .is_plan = true});
    EXPECT_NE(named.find(R"("credential":"key2")"), std::string::npos) << "a slot is there before its key";
}

TEST(Printer, ColoursOnlyWhereTheyAreWanted) {
    EXPECT_TRUE(may_color(true, false, "xterm"));
    EXPECT_FALSE(may_color(false, false, "xterm"));
    EXPECT_FALSE(may_color(true, true, "xterm"));
    EXPECT_FALSE(may_color(true, false, "dumb"));
}

TEST(Printer, ExplainsAsTextAndJson) {
    engine::Examination seen;
    seen.outcome = rotated_outcome();
    seen.outcome.kind = OutcomeKind::deferred;
    seen.outcome.code = "not-due";
    seen.form = "bare key";
    seen.credentials = {{"key1", parse_rfc3339("2026-01-01T00:00:00Z"), true}, {"key2", std::nullopt, false}};
    auto const text = format_explanation(seen, {}, {});
    EXPECT_NE(text.find("key1         made 2026-01-01T00:00:00Z, held by the current version"), std::string::npos)
        << text;
    EXPECT_NE(text.find("next         deferred: nobody holds key2"), std::string::npos) << text;
    auto const json = format_explanation(seen, {}, {.json = true});
    EXPECT_NE(
        json.find(
            R"("credentials":[{"slot":"key1","held":true,"made":"2026-01-01T00:00:00Z"},{"slot":"key2","held":false}])"),
        std::string::npos)
        << json;
}

TEST(Printer, ExplainsAClientSecretByItsId) {
    engine::Examination seen;
    seen.outcome = rotated_outcome();
    seen.terms.emplace().owner = {*rotation::OwnerId::find_application("0a000000-0000-4000-8000-00000000000b"),
                                  "tag ProviderAddress"};
    seen.credentials = {{"73c912d2-fd2d-42a0-b3ae-2e45d006b8bc", parse_rfc3339("2026-01-01T00:00:00Z"), true}};
    auto const text = format_explanation(seen, {}, {});
    EXPECT_TRUE(
        text.contains("\n73c912d2-fd2d-42a0-b3ae-2e45d006b8bc made 2026-01-01T00:00:00Z, held by the current "
                      "version: its value begins as the service says\n"))
        << text;
}

TEST(Printer, ExplainsThatNothingIsLookedAtWhilePaused) {
    engine::Examination seen;
    seen.outcome = {.kind = OutcomeKind::deferred, .code = "paused", .reason = "KSSEDR_MODE is paused: …"};
    seen.outcome.vault = "demo.vault.azure.net";
    seen.outcome.secret = "web";
    rotation::Policy policy;
    policy.mode = rotation::Mode::paused;
    auto const text = format_explanation(seen, policy, {});
    EXPECT_NE(text.find("mode         paused\n"), std::string::npos) << text;
    EXPECT_NE(text.find("next         deferred: KSSEDR_MODE is paused"), std::string::npos) << text;
    auto const json = format_explanation(seen, policy, {.json = true});
    EXPECT_NE(json.find(R"("code":"paused")"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("mode":"paused")"), std::string::npos) << json;
}

rotation::CatalogueEntry cosmos() {
    rotation::CatalogueEntry entry;
    entry.id = "cosmos";
    entry.title = "Cosmos \"DB\"";
    entry.type = "Microsoft.DocumentDB/databaseAccounts";
    entry.api_version = "2024-08-15";
    entry.permissions = {"Microsoft.DocumentDB/databaseAccounts/listKeys/action",
                         "Microsoft.DocumentDB/databaseAccounts/regenerateKey/action"};
    entry.role = "DocumentDB Account Contributor";
    entry.slots = {{.name = "primary", .pair = "read-write"},
                   {.name = "secondary", .pair = "read-write"},
                   {.name = "primaryReadonly", .pair = "read-only"},
                   {.name = "secondaryReadonly", .pair = "read-only"}};
    entry.notes = {"two pairs", "one account"};
    return entry;
}

rotation::Catalogue small_catalogue() {
    rotation::CatalogueEntry old;
    old.id = "old-thing";
    old.title = "Old thing";
    old.type = "Contoso.Old/things";
    old.shape = rotation::EntryShape::retired;
    old.reason = "it is gone";
    old.instead = "remove it";
    rotation::CatalogueEntry rule;
    rule.id = "rule";
    rule.title = "Rule";
    rule.type = "Microsoft.ServiceBus/namespaces/authorizationRules";
    rule.permissions = {"microsoft.servicebus/namespaces/authorizationRules/listkeys/action"};
    rule.slots = {{.name = "one"}, {.name = "two"}};
    rotation::CatalogueEntry application;
    application.id = "app";
    application.title = "Application";
    application.type = "graph:/applications";
    application.shape = rotation::EntryShape::list;
    application.permissions = {"Application.ReadWrite.OwnedBy"};
    return rotation::Catalogue({old, cosmos(), rule, application});
}

TEST(Providers, AreListedForPeopleAndForMachines) {
    EXPECT_EQ(format_providers(small_catalogue(), false),
              "ID         SHAPE       TYPE, LEAST ROLE; PERMISSIONS\n"
              "cosmos     slots       Microsoft.DocumentDB/databaseAccounts, DocumentDB Account Contributor\n"
              "                         Microsoft.DocumentDB/databaseAccounts/listKeys/action\n"
              "                         Microsoft.DocumentDB/databaseAccounts/regenerateKey/action\n"
              "rule       slots       Microsoft.ServiceBus/namespaces/authorizationRules\n"
              "                         microsoft.servicebus/namespaces/authorizationRules/listkeys/action\n"
              "app        list        graph:/applications\n"
              "                         Application.ReadWrite.OwnedBy\n"
              "old-thing  retired     Contoso.Old/things\n");
    EXPECT_EQ(
        format_providers(small_catalogue(), true),
        R"({"schema":1,"id":"cosmos","title":"Cosmos \"DB\"","type":"Microsoft.DocumentDB/databaseAccounts","shape":"slots",)"
        R"("permissions":["Microsoft.DocumentDB/databaseAccounts/listKeys/action","Microsoft.DocumentDB/databaseAccounts/regenerateKey/action"],)"
        R"("leastRole":"DocumentDB Account Contributor","slots":["primary","secondary","primaryReadonly","secondaryReadonly"],)"
        R"("apiVersion":"2024-08-15","notes":["two pairs","one account"]})"
        "\n"
        R"({"schema":1,"id":"rule","title":"Rule","type":"Microsoft.ServiceBus/namespaces/authorizationRules","shape":"slots",)"
        R"("permissions":["microsoft.servicebus/namespaces/authorizationRules/listkeys/action"],"leastRole":"","slots":["one","two"],"apiVersion":""})"
        "\n"
        R"({"schema":1,"id":"app","title":"Application","type":"graph:/applications","shape":"list",)"
        R"("permissions":["Application.ReadWrite.OwnedBy"],"leastRole":""})"
        "\n"
        R"({"schema":1,"id":"old-thing","title":"Old thing","type":"Contoso.Old/things","shape":"retired","permissions":[],)"
        R"("leastRole":"","reason":"it is gone","instead":"remove it"})"
        "\n");
}

TEST(Providers, OneIsToldWhole) {
    EXPECT_EQ(format_provider(cosmos(), false),
              "id           cosmos\n"
              "title        Cosmos \"DB\"\n"
              "type         Microsoft.DocumentDB/databaseAccounts\n"
              "shape        slots\n"
              "slots        read-write: primary, secondary; read-only: primaryReadonly, secondaryReadonly\n"
              "permissions  Microsoft.DocumentDB/databaseAccounts/listKeys/action\n"
              "             Microsoft.DocumentDB/databaseAccounts/regenerateKey/action\n"
              "least role   DocumentDB Account Contributor\n"
              "notes        two pairs\n"
              "             one account\n");
    auto const catalogue = small_catalogue();
    EXPECT_EQ(find_provider(catalogue, "rule").value()->title, "Rule");
    auto const unknown = find_provider(catalogue, "comsos");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().message(), "the catalogue has no entry \"comsos\"; did you mean cosmos?");
}

rotation::Policy policy_of(std::vector<std::string> const& targets, std::vector<rotation::SecretRule> rules = {}) {
    std::vector<rotation::AllowedTarget> parsed;
    for (auto const& target : targets) parsed.push_back(*rotation::AllowedTarget::parse(target, "vault.azure.net"));
    rotation::Policy policy;
    policy.allowed.emplace(std::move(parsed));
    policy.rules = std::move(rules);
    return policy;
}

rotation::SecretRule rule_for(std::string const& vault, std::string const& target) {
    rotation::SecretRule rule;
    if (!vault.empty()) rule.vault = rotation::VaultHost{vault + ".vault.azure.net"};
    rule.secret = "s";
    rule.target = *rotation::OwnerId::parse(target);
    return rule;
}

TEST(Providers, ARoleHasWhatTheConfigurationUses) {
    struct Case {
        std::string name;
        std::vector<std::string> targets;
        std::vector<rotation::SecretRule> rules;
        bool has_cosmos, has_rule, is_guessed;
        std::string scopes;
    };
    std::string const group = "/subscriptions/S/resourceGroups/g";
    std::string const account = group + "/providers/microsoft.documentdb/databaseAccounts/a";
    std::string const space = group + "/providers/Microsoft.ServiceBus/namespaces/n";
    std::string const policy = space + "/authorizationRules/send";
    std::string const nowhere = "/subscriptions/{your subscription's id}";
    for (auto const& c : std::vector<Case>{
             {"everything", {"/"}, {}, true, true, true, nowhere},
             {"everything, and a rule", {"/"}, {rule_for("", policy)}, false, true, true, group},
             {"a subscription", {"/subscriptions/S"}, {}, true, true, true, "/subscriptions/S"},
             {"a group, for a vault", {"shop=" + group}, {}, true, true, true, group},
             {"a group, and a rule", {"shop=" + group}, {rule_for("shop", account)}, true, false, true, group},
             {"a rule for another vault", {"shop=" + group}, {rule_for("ops", account)}, true, true, true, group},
             {"a rule elsewhere",
              {"/subscriptions/S/resourceGroups/h"},
              {rule_for("", account)},
              true,
              true,
              true,
              "/subscriptions/S/resourceGroups/h"},
             {"a rule for a login", {group}, {rule_for("", "redis://h/l")}, true, true, true, group},
             {"an account", {account}, {}, true, false, false, group},
             {"an account, and a rule that is not permitted",
              {account},
              {rule_for("", policy)},
              true,
              false,
              false,
              group},
             {"a namespace", {space}, {}, false, true, false, group},
             {"two scopes", {"/subscriptions/S", space}, {}, true, true, true, "/subscriptions/S\",\n    \"" + group},
             {"a database", {"postgresql://db/login"}, {}, false, false, false, nowhere},
         }) {
        SCOPED_TRACE(c.name);
        auto const role = define_role(small_catalogue(), policy_of(c.targets, c.rules), {});
        ASSERT_TRUE(role);
        EXPECT_EQ(role->json.contains("DocumentDB/databaseAccounts/listKeys/action"), c.has_cosmos);
        EXPECT_EQ(role->json.contains("servicebus/namespaces/authorizationRules/listkeys/action"), c.has_rule);
        EXPECT_TRUE(role->json.contains("\"AssignableScopes\": [\n    \"" + c.scopes + "\"\n  ]")) << role->json;
        EXPECT_FALSE(role->json.contains("Contoso.Old"));
        EXPECT_EQ(!role->advice.empty(), c.is_guessed);
    }
    auto const all = define_role(small_catalogue(), rotation::Policy(), {});
    ASSERT_TRUE(all);
    EXPECT_FALSE(all->json.contains("Application.ReadWrite.OwnedBy")) << "a permission of Graph in a role of Azure";
    EXPECT_TRUE(all->json.contains("DocumentDB") && all->json.contains("servicebus")) << all->json;
}

TEST(Providers, ARoleIsForTheEntriesThatAreNamed) {
    auto const define = [](std::vector<std::string> const& ids) {
        return define_role(small_catalogue(), policy_of({"/subscriptions/S"}), ids);
    };
    auto const role = define({"cosmos"});
    ASSERT_TRUE(role);
    EXPECT_TRUE(role->json.contains("DocumentDB"));
    EXPECT_FALSE(role->json.contains("servicebus"));
    EXPECT_TRUE(role->advice.empty());
    EXPECT_TRUE(define({"comsos"}).error().message().contains("did you mean cosmos?"));
    EXPECT_EQ(define({"cosmos", "app"}).error().message(), "entry app needs no role of Azure: its shape is list");
}

TEST(Providers, WhatARoleCanNotGiveIsSaid) {
    auto const advice_for = [](std::string const& target) {
        return define_role(small_catalogue(), policy_of({target}), {})->advice;
    };
    EXPECT_EQ(advice_for("/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redis/r").size(), 0U);
    auto const advice = advice_for("entra:0a000000-0000-4000-8000-00000000000b");
    ASSERT_EQ(advice.size(), 1U);
    EXPECT_TRUE(advice[0].contains("Application.ReadWrite.OwnedBy"));
}

TEST(CommandLine, ProvidersTakesAnIdOrRoleDefinition) {
    EXPECT_EQ(parse({"providers"})->command, Command::providers);
    EXPECT_EQ(parse({"providers", "redis-key", "--json"})->provider, "redis-key");
    auto const role = parse({"providers", "role-definition", "--config", "x.toml"});
    ASSERT_TRUE(role);
    EXPECT_EQ(role->command, Command::role_definition);
    EXPECT_EQ(role->overrides.config_file, "x.toml");
    EXPECT_EQ(role->role_ids, std::vector<std::string>());
    auto const named = parse({"providers", "role-definition", "redis-key", "batch-key"});
    ASSERT_TRUE(named);
    EXPECT_EQ(named->role_ids, (std::vector<std::string>{"redis-key", "batch-key"}));
}

}  // namespace
}  // namespace kssedr::cli
