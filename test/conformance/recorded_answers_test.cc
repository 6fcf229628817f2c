// Every recorded answer of the services kssedr speaks to, read by what reads them in the program.

#include "azure/authorized_client.h"
#include "azure/entra.h"
#include "azure/error_answer.h"
#include "azure/key_vault_format.h"
#include "azure/managed_identity.h"
#include "azure/slots_answer.h"
#include "azure/url.h"
#include "test/conformance/own_catalogue.h"
#include "test/conformance/recording.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

constexpr std::string_view suffix = "vault.azure.net";

class KeyVaultRecording : public ::testing::TestWithParam<char const*> {};

// `/secrets/{name}[/{version}]`, `/secrets`, `/secrets/{name}/versions`, …
std::vector<std::string_view> path_of(std::string_view url) {
    url.remove_prefix(url.find("://") + 3);
    url = url.substr(0, url.find('?'));
    auto parts = split(url, '/');
    parts.erase(parts.begin());
    if (!parts.empty() && parts.back().empty()) parts.pop_back();
    return parts;
}

void expect_secret(test::RecordedCall const& call, Expected const& expected) {
    auto const body = call.answer.body.expose();
    if (call.method == "GET" || call.method == "PUT") {
        auto const secret = parse_secret(body, expected);
        ASSERT_TRUE(secret.has_value()) << secret.error().message();
        EXPECT_FALSE(secret->value.empty());
        EXPECT_TRUE(rotation::is_secret_version(secret->properties.version));
    }
    // What changes or deletes a secret answers the same without its value.
    auto const properties = parse_secret_properties(body, expected);
    ASSERT_TRUE(properties.has_value()) << properties.error().message();
    EXPECT_GT(properties->created, TimePoint{});
    EXPECT_GE(properties->updated, properties->created);
}

void expect_page(test::RecordedCall const& call, Expected const& expected) {
    auto const page = parse_secret_page(call.answer.body.expose(), expected);
    ASSERT_TRUE(page.has_value()) << page.error().message();
    EXPECT_FALSE(page->items.empty());
    if (!page->next.empty()) {
        EXPECT_EQ(find_https_authority(page->next), expected.vault.text);
    }
}

void expect_refusal(test::RecordedCall const& call) {
    auto const error = to_error(call.answer, "reading", Effect::none);
    EXPECT_FALSE(error.service_code().empty());
    if (call.answer.status == 401) {
        auto const challenge = parse_challenge(call.answer.header("www-authenticate"));
        ASSERT_TRUE(challenge.has_value());
        EXPECT_FALSE(challenge->tenant.empty());
        EXPECT_EQ(challenge->resource, "https://vault.azure.net");
        EXPECT_TRUE(is_host_under(*find_https_authority(call.url), *find_https_authority(challenge->resource)));
        EXPECT_EQ(error.code(), Errc::permission_denied);
    } else {
        EXPECT_EQ(error.code(), Errc::not_found);  // an absent secret, or a disabled one
    }
}

TEST_P(KeyVaultRecording, IsRead) {
    KSSEDR_RECORDING(calls, GetParam());
    EXPECT_FALSE(calls.empty());
    for (auto const& call : calls) {
        SCOPED_TRACE(call.method + ' ' + call.url.substr(0, 120) + ' ' + std::to_string(call.answer.status));
        auto const authority = find_https_authority(call.url);
        ASSERT_TRUE(authority.has_value());
        auto const path = path_of(call.url);
        bool const is_list = path.size() == 1 || (path.size() == 3 && path[2] == "versions");
        if (call.answer.status != 200) {
            expect_refusal(call);
        } else if (is_list) {
            expect_page(call, {{*authority}, suffix, {}});
        } else {
            expect_secret(call, {{*authority}, suffix, path.at(1)});
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, KeyVaultRecording,
                         ::testing::Values("keyvault-secrets-2018-api70", "keyvault-secrets-2022-api73-tags",
                                           "keyvault-secrets-2024-api76", "keyvault-secrets-2026-api20250701",
                                           "keyvault-secrets-list-challenge"));

TEST(RecordedAnswers, ChallengesOfTheOtherDataPlanes) {
    KSSEDR_RECORDING(calls, "keyvault-other-data-plane");
    int challenges = 0;
    for (auto const& call : calls) {
        if (call.answer.status != 401) continue;
        ++challenges;
        expect_refusal(call);
    }
    EXPECT_EQ(challenges, 2);
}

struct Refusal {
    long status;
    std::string_view code;
    Errc read;
    Errc write;
};

void expect_refusals(std::vector<test::RecordedCall> const& calls, std::vector<Refusal> const& refusals) {
    ASSERT_EQ(calls.size(), refusals.size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
        SCOPED_TRACE(std::to_string(i) + ' ' + std::string(refusals[i].code));
        auto const read = to_error(calls[i].answer, "reading", Effect::none);
        auto const write = to_error(calls[i].answer, "writing", Effect::happens);
        EXPECT_EQ(calls[i].answer.status, refusals[i].status);
        EXPECT_EQ(read.service_code(), refusals[i].code);
        EXPECT_EQ(to_string(read.code()), to_string(refusals[i].read));
        EXPECT_EQ(to_string(write.code()), to_string(refusals[i].write));
        EXPECT_NE(read.message().find(std::to_string(refusals[i].status)), std::string::npos);
    }
}

TEST(RecordedAnswers, EveryShapeOfError) {
    KSSEDR_RECORDING(calls, "arm-errors");
    constexpr auto denied = Errc::permission_denied;
    constexpr auto wrong = Errc::invalid_argument;
    constexpr auto gone = Errc::not_found;
    expect_refusals(calls, {
                               {401, "ExpiredAuthenticationToken", denied, denied},
                               {403, "AuthorizationFailed", denied, denied},
                               {403, "LinkedAuthorizationFailed", denied, denied},
                               {403, "Authorization_RequestDenied", denied, denied},
                               {404, "ResourceNotFound", gone, gone},
                               {404, "ResourceGroupNotFound", gone, gone},
                               {404, "IotHubNotFound", gone, gone},
                               {404, "InvalidResourceType", gone, gone},
                               {409, "AnotherOperationInProgress", Errc::conflict, Errc::conflict},
                               {409, "MissingSubscriptionRegistration", wrong, wrong},
                               {409, "ResourceGroupDeletionBlocked", Errc::conflict, Errc::conflict},
                               {412, "PreconditionFailed", Errc::conflict, Errc::conflict},
                               {429, "429", Errc::throttled, Errc::throttled},
                               {500, "InternalServerError", Errc::unavailable, Errc::outcome_unknown},
                               {504, "GatewayTimeout", Errc::unavailable, Errc::outcome_unknown},
                               {400, "InvalidRequestContent", wrong, wrong},
                               {400, "BadRequest", wrong, wrong},
                               {503, "", Errc::unavailable, Errc::outcome_unknown},
                           });
    auto const expired = parse_challenge(calls.at(0).answer.header("www-authenticate"));
    ASSERT_TRUE(expired.has_value());
    EXPECT_EQ(expired->resource, "");
}

TEST(RecordedAnswers, KeyVaultsErrors) {
    KSSEDR_RECORDING(calls, "keyvault-errors-observed");
    expect_refusals(calls, {
                               {403, "ForbiddenByRbac", Errc::permission_denied, Errc::permission_denied},
                               {409, "ObjectIsDeletedButRecoverable", Errc::invalid_argument, Errc::invalid_argument},
                               {409, "ObjectIsBeingDeleted", Errc::conflict, Errc::conflict},
                               {429, "Throttled", Errc::throttled, Errc::throttled},
                               {403, "ForbiddenByFirewall", Errc::permission_denied, Errc::permission_denied},
                           });
}

TEST(RecordedAnswers, Throttling) {
    KSSEDR_RECORDING(calls, "arm-throttle-observed");
    expect_refusals(calls, {
                               {429, "SubscriptionRequestsThrottled", Errc::throttled, Errc::throttled},
                               {429, "SubscriptionRequestsThrottled", Errc::throttled, Errc::throttled},
                           });
}

TEST(RecordedAnswers, Tokens) {
    EntraApplication const application{"https://login.microsoftonline.com", "tenant", "client"};
    int tokens = 0;
    std::vector<std::string> refusals;
    for (auto const* const name : {"entra-token-v2", "entra-token-v1"}) {
        KSSEDR_RECORDING(calls, name);
        for (auto const& call : calls) {
            auto const token = parse_token_answer(call.answer.body.expose());
            EXPECT_EQ(token.has_value(), call.answer.status == 200);
            if (token) {
                ++tokens;
                EXPECT_GE(token->lifetime, std::chrono::seconds(3599));
                // Managed identities answer in the first version's shape.
                EXPECT_TRUE(parse_managed_identity_answer(call.answer.body.expose(), TimePoint{}).has_value());
            } else {
                auto const error = to_token_error(call.answer, application);
                refusals.push_back(error.service_code() + ' ' + std::string(to_string(error.code())));
            }
        }
    }
    EXPECT_EQ(tokens, 5);
    EXPECT_EQ(refusals, (std::vector<std::string>{"AADSTS7000215 permission_denied", "AADSTS700027 permission_denied",
                                                  "AADSTS90002 invalid_argument"}));
}

class StorageRecording : public ::testing::TestWithParam<char const*> {};

TEST_P(StorageRecording, IsRead) {
    KSSEDR_RECORDING(calls, GetParam());
    EXPECT_FALSE(calls.empty());
    for (auto const& call : calls) {
        SCOPED_TRACE(call.url);
        auto const keys = parse_slots(call.answer.body.expose(), test::own_entry("storage-account-key"));
        ASSERT_TRUE(keys.has_value()) << keys.error().message();
        ASSERT_EQ(keys->slots.size(), 2U);
        EXPECT_EQ(keys->slots[0].slot, "key1");
        EXPECT_EQ(keys->slots[1].slot, "key2");
    }
}

INSTANTIATE_TEST_SUITE_P(All, StorageRecording, ::testing::Values("arm-storage-keys-2022", "arm-storage-keys-old"));

TEST(RecordedAnswers, ARegenerationMovesTheTimeOfItsSlotOnly) {
    KSSEDR_RECORDING(calls, "arm-storage-keys-2022");
    ASSERT_EQ(calls.size(), 2U);
    auto const& entry = test::own_entry("storage-account-key");
    auto const before = parse_slots(calls[0].answer.body.expose(), entry);
    auto const after = parse_slots(calls[1].answer.body.expose(), entry);
    ASSERT_TRUE(before.has_value() && after.has_value());
    EXPECT_EQ(before->find("key1")->made, after->find("key1")->made);
    ASSERT_TRUE(before->find("key2")->made && after->find("key2")->made);
    EXPECT_GT(*after->find("key2")->made, *before->find("key2")->made);
}

}  // namespace
}  // namespace kssedr::azure
