#include "rotation/policy.h"
#include "rotation/draft.h"
#include "rotation/schedule.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr TimePoint t0{Duration{1'768'469'400'000}};
constexpr std::string_view account =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct";
constexpr std::string_view other =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/other";

SecretRef secret() {
    return {{"demo.vault.azure.net"}, "web"};
}

Result<Terms> terms(std::string content_type, Tags tags, Policy const& policy = {}) {
    SecretProperties properties;
    properties.content_type = std::move(content_type);
    properties.tags = std::move(tags);
    return terms_of(secret(), properties, policy, t0);
}

TEST(Terms, OwnerFromEveryDialect) {
    struct Case {
        std::string name, content_type;
        Tags tags;
        std::string source;  // empty: asks for nothing
        bool original;
    };
    std::string const id(account);
    std::string upper = id;
    upper.replace(0, 14, "/SUBSCRIPTIONS");
    for (auto const& c : std::vector<Case>{
             {"the original's content type", id, {}, "content type", true},
             {"the original's tag", "text/plain", {{"orgin", id}}, "tag orgin", true},
             {"Microsoft's tag", "", {{"ProviderAddress", id}}, "tag ProviderAddress", false},
             {"Microsoft's tag in another case, with blanks",
              "",
              {{" provideraddress ", " " + id + " "}},
              "tag ProviderAddress",
              false},
             {"both, the same", id, {{"ProviderAddress", upper}, {"orgin", id}}, "tag ProviderAddress", true},
             {"a MIME type says nothing", "application/json", {}, "", false},
             {"a content type that names a group only says nothing",
              "/subscriptions/s1/resourceGroups/rg",
              {},
              "",
              false},
             {"nothing", "", {{"owner", "team"}}, "", false},
         }) {
        SCOPED_TRACE(c.name);
        auto const read = terms(c.content_type, c.tags);
        ASSERT_TRUE(read) << read.error().message();
        ASSERT_EQ(read->owner.has_value(), !c.source.empty());
        EXPECT_EQ(read->is_original_dialect, c.original);
        if (read->owner) {
            EXPECT_EQ(read->owner->source, c.source);
            EXPECT_EQ(read->owner->value, *ArmId::parse(id));
        }
    }
}

// Key Vault tells tags apart that a person does not.
TEST(Terms, EveryTagThatSpellsTheNameIsAsked) {
    for (std::string const look_alike : {"KSSEDR-FREEZE", " kssedr-freeze", "kssedr-freeze "}) {
        auto const frozen = terms(std::string(account), {{look_alike, "false"}, {"kssedr-freeze", "true"}});
        ASSERT_TRUE(frozen);
        EXPECT_TRUE(frozen->freeze) << look_alike;
    }
    for (std::string const name : {"orgin", "ProviderAddress"}) {
        Tags const two = {{name, std::string(account)}, {name + ' ', std::string(other)}};
        EXPECT_FALSE(terms("", two)) << name;
        SecretProperties properties;
        properties.tags = two;
        EXPECT_EQ(owners_asked_for(secret(), properties, {}).size(), 2U) << name;
        EXPECT_TRUE(terms("", {{name, std::string(account)}, {name + ' ', std::string(account)}})) << name;
    }
    EXPECT_FALSE(terms("", {{"ValidityPeriodDays", "30"}, {"validityperioddays", "60"}}));
    EXPECT_TRUE(terms("", {{"ValidityPeriodDays", "30"}, {"validityperioddays", "30"}}));
    EXPECT_EQ(terms("", {{"CredentialId", "key1"}, {"credentialid", "key2"}})->slot_tag, "");
    EXPECT_EQ(terms("", {{"CredentialId", "key1"}, {"credentialid", "KEY1"}})->slot_tag, "KEY1");
}

TEST(Terms, FreezesOfRulesAndTagsAddUp) {
    struct Case {
        std::string name, all, one, tag;
        bool frozen;
        std::optional<TimePoint> until;
    };
    std::string const soon = format_rfc3339(t0 + days{1}), late = format_rfc3339(t0 + days{2});
    for (auto const& c : std::vector<Case>{
             {"none", "", "", "", false, {}},
             {"of all", "true", "", "", true, {}},
             {"of all, not of this one", "true", "false", "", false, {}},
             {"of this one, until", "", soon, "", true, t0 + days{1}},
             {"past", "", format_rfc3339(t0), "", false, {}},
             {"the tag lifts no rule's", "true", "", "false", true, {}},
             {"the later of two, the tag's", soon, "", late, true, t0 + days{2}},
             {"the later of two, the rule's", late, "", soon, true, t0 + days{2}},
             {"the tag's without end", late, "", "true", true, {}},
             {"the rule's without end", "true", "", soon, true, {}},
         }) {
        SCOPED_TRACE(c.name);
        Policy policy;
        for (auto const& [name, freeze] : {std::pair<std::string, std::string>{"", c.all}, {"web", c.one}}) {
            SecretRule rule;
            rule.secret = name;
            if (!freeze.empty()) rule.freeze = freeze;
            policy.rules.push_back(rule);
        }
        Tags tags;
        if (!c.tag.empty()) tags["kssedr-freeze"] = c.tag;
        auto const read = terms(std::string(account), tags, policy);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->freeze.has_value(), c.frozen);
        EXPECT_EQ(read->freeze_until, c.until);
    }
}

TEST(Terms, ContradictionsAreRefused) {
    struct Case {
        std::string name, content_type;
        Tags tags;
    };
    std::string const id(account), second(other);
    for (auto const& c : std::vector<Case>{
             {"two targets", id, {{"ProviderAddress", second}}},
             {"two targets of one dialect", id, {{"orgin", second}}},
             {"an application and a resource", id, {{"ProviderAddress", "b3b4f4b8-0000-4000-8000-000000000000"}}},
             {"an application in the original's tag", "", {{"orgin", "hook:mail"}}},
             {"a group in the tag", "", {{"ProviderAddress", "/subscriptions/s1/resourceGroups/rg"}}},
             {"no id in the tag", "", {{"orgin", "acct"}}},
             {"a validity of zero", id, {{"ValidityPeriodDays", "0"}}},
             {"a negative validity", id, {{"ValidityPeriodDays", "-5"}}},
             {"a validity that is no number", id, {{"ValidityPeriodDays", "ninety"}}},
             {"a validity with something behind", id, {{"ValidityPeriodDays", "90d"}}},
             {"a validity without end", id, {{"ValidityPeriodDays", "99999999999"}}},
         }) {
        SCOPED_TRACE(c.name);
        auto const read = terms(c.content_type, c.tags);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code(), Errc::invalid_argument);
    }
}

TEST(Terms, TheFileIsFinal) {
    Policy policy;
    policy.rules.push_back({.secret = "web", .target = *ArmId::parse(other), .where = "file:1, rule"});
    auto const read = terms(std::string(account), {}, policy);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->owner->value, *ArmId::parse(other));
    EXPECT_EQ(read->owner->source, "file:1, rule");
}

TEST(Terms, NobodyWhoWritesTagsCanBlockARule) {
    Policy policy;
    policy.rules.push_back(
        {.secret = "web", .target = *ArmId::parse(other), .validity = days{30}, .where = "file:1, rule"});
    auto const read = terms(std::string(account), {{"orgin", "nonsense"}, {"ValidityPeriodDays", "0"}}, policy);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->owner->value, *ArmId::parse(other));
    EXPECT_EQ(read->validity.value, days{30});
}

TEST(Terms, TheMostSpecialRuleWins) {
    Policy policy;
    VaultHost const here{"demo.vault.azure.net"}, elsewhere{"else.vault.azure.net"};
    policy.rules.push_back({.vault = here, .validity = days{20}, .where = "vault"});
    policy.rules.push_back({.secret = "WEB", .validity = days{10}, .where = "secret"});
    policy.rules.push_back({.vault = elsewhere, .secret = "web", .validity = days{5}, .where = "elsewhere"});
    policy.rules.push_back({.lead = days{3}, .where = "all"});
    auto const read = terms(std::string(account), {{"ValidityPeriodDays", "60"}}, policy);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->validity.value, days{10});
    EXPECT_EQ(read->validity.source, "secret");
    EXPECT_EQ(read->lead.value, days{3});
}

TEST(Terms, ValidityAndOverlap) {
    auto read = terms(std::string(account), {{"ValidityPeriodDays", " 60 "}});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->validity.value, days{60});
    EXPECT_EQ(read->overlap.value, days{7});
    read = terms(std::string(account), {{"ValidityPeriodDays", "10"}});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->overlap.value, days{5}) << "never more than half the validity";
    read = terms(std::string(account), {});
    EXPECT_EQ(read->validity.value, days{90});
}

TEST(Terms, FreezeBlocksWhateverItSays) {
    struct Case {
        std::string tag;
        bool frozen;
        std::optional<TimePoint> until;
    };
    for (auto const& c : std::vector<Case>{{"true", true, {}},
                                           {"TRUE", true, {}},
                                           {"nonsense", true, {}},
                                           {"", true, {}},
                                           {"false", false, {}},
                                           {"2026-02-01T00:00:00Z", true, parse_rfc3339("2026-02-01T00:00:00Z")},
                                           {"2025-02-01T00:00:00Z", false, {}}}) {
        SCOPED_TRACE(c.tag);
        auto const read = terms(std::string(account), {{"kssedr-freeze", c.tag}});
        ASSERT_TRUE(read);
        EXPECT_EQ(read->freeze.has_value(), c.frozen);
        EXPECT_EQ(read->freeze_until, c.until);
    }
}

TEST(Schedule, ShortLivesDoNotLoop) {
    struct Case {
        std::string name;
        std::optional<TimePoint> expires;
        Duration validity;
        TimePoint due;
    };
    for (auto const& c : std::vector<Case>{
             {"ninety days: thirty left", t0 + days{90}, days{90}, t0 + days{60}},
             {"twenty days: ten left", t0 + days{20}, days{90}, t0 + days{10}},
             {"two hours: one left", t0 + hours{2}, days{90}, t0 + hours{1}},
             {"expired when made: at once", t0 - days{1}, days{90}, t0 - days{1}},
             {"no expiry: by the validity", std::nullopt, days{90}, t0 + days{60}},
             {"no expiry, short validity", std::nullopt, days{10}, t0 + days{5}},
         }) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(due_at(t0, c.expires, c.validity, days{30}), c.due);
    }
}

TEST(Scopes, PermitByWholeSegmentsAndByVault) {
    VaultHost const demo{"demo.vault.azure.net"}, second{"second.vault.azure.net"};
    auto const owner = *ArmId::parse(account);
    struct Case {
        std::string name;
        std::vector<std::string> entries;
        bool demo, second;
    };
    for (auto const& c : std::vector<Case>{
             {"an empty list allows nothing", {}, false, false},
             {"the resource itself", {std::string(account)}, true, true},
             {"in another case", {"/SUBSCRIPTIONS/S1/RESOURCEGROUPS/RG"}, true, true},
             {"the subscription", {"/subscriptions/s1"}, true, true},
             {"another subscription whose name begins alike", {"/subscriptions/s"}, false, false},
             {"a group whose name begins alike", {"/subscriptions/s1/resourceGroups/r"}, false, false},
             {"everything", {"/"}, true, true},
             {"for one vault only", {"demo=/subscriptions/s1"}, true, false},
             {"by host", {"second.vault.azure.net=/subscriptions/s1"}, false, true},
             {"once a vault is named, others have none", {"demo=/subscriptions/s1", "/"}, true, false},
             {"a vault with an entry of its own that does not fit", {"demo=/subscriptions/s2"}, false, false},
             {"scopes of other kinds permit no ARM id",
              {"entra:b3b4f4b8-0000-4000-8000-000000000000", "hook:x", "redis://h/l"},
              false,
              false},
         }) {
        SCOPED_TRACE(c.name);
        std::vector<AllowedTarget> entries;
        for (auto const& text : c.entries) {
            auto entry = AllowedTarget::parse(text, "vault.azure.net");
            ASSERT_TRUE(entry) << entry.error().message();
            entries.push_back(*std::move(entry));
        }
        AllowedTargets const allowed(std::move(entries));
        EXPECT_EQ(allowed.find(demo, owner) != nullptr, c.demo);
        EXPECT_EQ(allowed.find(second, owner) != nullptr, c.second);
    }
}

TEST(Scopes, OwnersOfOtherKindsArePermittedByName) {
    VaultHost const demo{"demo.vault.azure.net"};
    auto const owner = *OwnerId::parse("postgresql://db/app");
    auto const permits = [&](std::string_view entry) {
        AllowedTargets const allowed({*AllowedTarget::parse(entry, "vault.azure.net")});
        return allowed.find(demo, owner) != nullptr;
    };
    EXPECT_TRUE(permits("postgresql://DB:5432/app"));
    EXPECT_TRUE(permits("demo=postgresql://db/app"));
    EXPECT_FALSE(permits("postgresql://db/other"));
    EXPECT_FALSE(permits("postgresql://db:5433/app"));
    EXPECT_FALSE(permits("/")) << "covers Azure's resources only";
}

TEST(Terms, OwnersOfOtherKindsAreAskedForByAddress) {
    auto const application = terms("", {{"ProviderAddress", " b3b4f4b8-0000-4000-8000-000000000000 "}});
    ASSERT_TRUE(application);
    EXPECT_EQ(application->owner->value.text(), "entra:b3b4f4b8-0000-4000-8000-000000000000");
    auto const login = terms("application/json", {{"ProviderAddress", "mysql://db/app"}});
    ASSERT_TRUE(login);
    EXPECT_EQ(login->owner->value.text(), "mysql://db/app");
    EXPECT_FALSE(terms("hook:mail", {})->owner) << "a content type names resources only";
}

TEST(Scopes, AnEntryIsKnownByAllThatWasWritten) {
    for (std::string const text : {"demo=/subscriptions/s1", "/subscriptions/S1", "demo.vault.azure.net = /", "/"})
        EXPECT_EQ(AllowedTarget::parse(' ' + text + ' ', "vault.azure.net")->text, text) << "the line to look for";
}

TEST(Scopes, NonsenseIsSaid) {
    for (std::string const text : {"acct", "demo=", "demo=acct", "de mo=/", "/subscriptions",
                                   "/providers/Microsoft.Management/managementGroups/g", "evil.example=/",
                                   "demo.vault.azure.net.evil.example=/", "entra:", "subscriptions/s1"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(AllowedTarget::parse(text, "vault.azure.net"));
    }
}

TEST(Draft, ChangesWhatItMustAndNothingElse) {
    SecretProperties current;
    current.content_type = account;
    current.tags = {{"CredentialId", "key1"},
                    {"key", "0"},
                    {"AutoRotate", "yesterday"},
                    {"team", "a=b; c"},
                    {"orgin", std::string(account)}};
    current.not_before = t0 - days{60};
    current.expires = t0 + days{30};
    auto const read = terms_of(secret(), current, {}, t0);
    ASSERT_TRUE(read);
    auto const draft = draft_next(current, *read, "key2", 1, t0 + days{90}, t0);
    EXPECT_EQ(draft.content_type, account);
    EXPECT_EQ(draft.tags, (Tags{{"CredentialId", "key2"},
                                {"key", "1"},
                                {"AutoRotate", format_rfc3339(t0)},
                                {"team", "a=b; c"},
                                {"orgin", std::string(account)}}));
    EXPECT_EQ(draft.not_before, t0);
    EXPECT_EQ(draft.expires, t0 + days{90});
}

TEST(Draft, LeavesOtherPeoplesTagsAlone) {
    SecretProperties current;
    current.tags = {{"ProviderAddress", std::string(account)}, {"key", "0"}};
    auto read = terms_of(secret(), current, {}, t0);
    ASSERT_TRUE(read);
    auto draft = draft_next(current, *read, "key2", 1, t0 + days{90}, t0);
    EXPECT_EQ(draft.tags, (Tags{{"ProviderAddress", std::string(account)}, {"key", "1"}}))
        << "an index is one in every dialect; Microsoft's has no AutoRotate";
    EXPECT_FALSE(draft.not_before) << "was not set";
    for (std::string const tag : {"web", "2", "00", "", "-1"}) {
        current.tags["key"] = tag;
        EXPECT_EQ(draft_next(current, *read, "key2", 1, t0 + days{90}, t0).tags, current.tags) << tag;
    }

    current.tags = {{"orgin", std::string(account)}, {"key", "web"}};
    for (int i = 0; current.tags.size() < 15; ++i) current.tags["t" + std::to_string(i)] = "x";
    read = terms_of(secret(), current, {}, t0);
    ASSERT_TRUE(read);
    draft = draft_next(current, *read, "key2", 1, t0 + days{90}, t0);
    EXPECT_EQ(draft.tags, current.tags) << "no sixteenth tag, and a key that is no index stays";
}

TEST(Draft, WhatKeyVaultWouldNotTakeIsRefused) {
    SecretDraft draft;
    draft.expires = t0 + days{1};
    EXPECT_TRUE(check_draft(draft, 25 * 1024, t0));
    EXPECT_FALSE(check_draft(draft, 25 * 1024 + 1, t0));
    draft.content_type = std::string(256, 'x');
    EXPECT_FALSE(check_draft(draft, 1, t0));
    draft.content_type.clear();
    draft.tags["t"] = std::string(257, 'x');
    EXPECT_FALSE(check_draft(draft, 1, t0));
    // Characters are counted, not bytes.
    for (std::string const character : {"ü", "日", "\U0001f511"}) {
        auto const repeated = [&](int count) {
            std::string text;
            for (int i = 0; i < count; ++i) text += character;
            return text;
        };
        draft.tags["t"] = repeated(256);
        EXPECT_TRUE(check_draft(draft, 1, t0)) << character;
        draft.tags["t"] = repeated(257);
        EXPECT_FALSE(check_draft(draft, 1, t0)) << character;
    }
    draft.tags.clear();
    for (int i = 0; i < 16; ++i) draft.tags[std::to_string(i)] = "";
    EXPECT_FALSE(check_draft(draft, 1, t0));
    draft.tags.clear();
    draft.expires = t0;
    EXPECT_FALSE(check_draft(draft, 1, t0));
}

}  // namespace
}  // namespace kssedr::rotation
