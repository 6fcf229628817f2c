#include "fuzz/azure_targets.h"

#include "azure/authorized_client.h"
#include "azure/entra.h"
#include "azure/error_answer.h"
#include "azure/graph.h"
#include "azure/jwt.h"
#include "azure/key_vault_format.h"
#include "azure/managed_identity.h"
#include "azure/signing_keys.h"
#include "azure/slots_answer.h"
#include "azure/url.h"
#include "azure/vault_directory.h"
#include "base/ascii.h"
#include "base/check.h"
#include "providers/hook_protocol.h"

#include <boost/url/parse.hpp>

namespace kssedr::fuzz {
namespace {

using namespace kssedr::azure;

// What is said of an answer may be shown anywhere, and is no longer than a person reads.
void check_error(Error const& error) {
    KSSEDR_CHECK(error.message().size() < 4096 && error.service_code().size() < 1024, "an error is too long");
    KSSEDR_CHECK(escape_for_display(error.message(), error.message().size()) == error.message(),
                 "an error holds what was not escaped");
    KSSEDR_CHECK(escape_for_display(error.service_code(), 1024) == error.service_code(),
                 "a service's code holds what was not escaped");
}

template <class T>
void check_failure(Result<T> const& result) {
    if (!result) check_error(result.error());
}

http::Response answer(long status, std::string_view body) {
    http::Response response;
    response.status = status;
    response.body = SecretString::copy_of(body);
    return response;
}

void check_secrets(std::string_view input) {
    Expected const expected{{"contoso.vault.azure.net"}, "vault.azure.net", "web"};
    auto const secret = parse_secret(input, expected);
    check_failure(secret);
    if (secret) {
        KSSEDR_CHECK(equals_ignore_case(secret->properties.name, "web"), "another secret's value");
        KSSEDR_CHECK(rotation::is_secret_version(secret->properties.version), "a version that can be none");
    }
    Expected const any{expected.vault, expected.vault_suffix, {}};
    check_failure(parse_secret_properties(input, any));
    auto const page = parse_secret_page(input, any);
    check_failure(page);
    if (!page) return;
    for (auto const& item : page->items) KSSEDR_CHECK(rotation::is_secret_name(item.name), "a name that can be none");
}

void check_graph(std::string_view input) {
    auto const added = parse_added_password(input);
    check_failure(added);
    KSSEDR_CHECK(!added || (!added->id.empty() && !added->value.empty()), "a client secret without id or value");
    auto const application = parse_application(input, "765eb0e3-acb3-475d-9a98-ee6892f081c8");
    check_failure(application);
    if (!application) return;
    for (auto const& password : application->passwords)
        KSSEDR_CHECK(!password.id.empty(), "a client secret without an id");
}

}  // namespace

void azure_answer(std::string_view input) {
    check_secrets(input);
    rotation::CatalogueEntry entry;
    entry.slots = {
        {"key1", "key1", "keys[keyName=key1,permissions?=full].value", "keys[keyName=key1].creationTime", "", ""},
        {"key2", "key2", "keys[keyName=key2,permissions?=full].value", "keys[keyName=key2].creationTime", "", ""}};
    auto const keys = parse_slots(input, entry);
    check_failure(keys);
    KSSEDR_CHECK(!keys || keys->slots.size() == 2, "keys that are not two");
    check_failure(parse_token_answer(input));
    check_failure(parse_managed_identity_answer(input, TimePoint{}));
    check_failure(parse_vault_host_answer(input));
    check_graph(input);
    for (long const status : {400L, 403L, 409L, 503L}) {
        auto const response = answer(status, input);
        check_error(to_error(response, "reading", Effect::none));
        auto const write = to_error(response, "writing", Effect::happens, Quote::code_only);
        check_error(write);
        KSSEDR_CHECK(status < 500 || write.code() == Errc::outcome_unknown, "a body made an outcome known");
        check_error(to_token_error(response, {"https://login.example", "tenant", "client"}));
    }
}

void azure_header(std::string_view input) {
    if (auto const challenge = parse_challenge(input)) {
        KSSEDR_CHECK(!challenge->resource.ends_with('/'), "a resource that ends in a slash");
        KSSEDR_CHECK(challenge->tenant.find_first_of("/?#") == std::string::npos, "a tenant that is a path");
    }
    http::Response response;
    response.headers = {{"retry-after", std::string(input)}, {"date", "Tue, 20 Aug 2024 20:52:39 GMT"}};
    auto const wait = parse_retry_after(response);
    KSSEDR_CHECK(!wait || (*wait >= Duration{} && *wait <= std::chrono::hours(1)), "a wait out of its bounds");

    auto const authority = find_https_authority(input);
    if (!authority) return;
    // A token must not go elsewhere than another parser of the same URL believes.
    auto const url = boost::urls::parse_uri(input);
    if (!url) return;
    KSSEDR_CHECK(equals_ignore_case(url->encoded_host(), host_of(*authority)), "another host to another parser");
    KSSEDR_CHECK(!url->has_userinfo(), "a user to another parser");
    KSSEDR_CHECK(authority->ends_with(url->port()) || url->port_number() == 443, "another port to another parser");
}

void bearer_token(std::string_view input) {
    auto const jwt = parse_jwt(input);
    check_failure(jwt);
    if (jwt) {
        KSSEDR_CHECK(input.starts_with(jwt->signed_part) && jwt->signed_part.size() < input.size(),
                     "what is signed is no beginning of the token");
        KSSEDR_CHECK(!jwt->key_id.empty() && !jwt->signature.empty(), "a token without key or signature");
        KSSEDR_CHECK(jwt->claims.expires > TimePoint{} - std::chrono::hours(1), "a time before all time");
    }
    auto const discovery = parse_discovery(input, "login.example");
    check_failure(discovery);
    if (discovery) {
        auto const url = boost::urls::parse_uri(discovery->key_set_url);
        KSSEDR_CHECK(!url || equals_ignore_case(url->encoded_host(), "login.example"), "keys of another host");
    }
    auto const keys = parse_key_set(input);
    check_failure(keys);
    if (!keys) return;
    for (auto const& key : *keys) {
        KSSEDR_CHECK(key.modulus.size() >= 256 && key.modulus.size() <= 1024, "a key of a length that is not taken");
        KSSEDR_CHECK(!is_signed_by(key, "a.b", SecretString::copy_of(input.substr(0, key.modulus.size()))),
                     "a signature that nobody made");
    }
}

void hook_answer(std::string_view input) {
    rotation::Hook hook{.owner = *rotation::OwnerId::parse("hook:relay")};
    for (auto const& failure : {std::optional<Error>(), std::optional(Error(Errc::outcome_unknown, "status 3"))}) {
        providers::HookAnswer const answer{SecretString::copy_of(input), failure, {}};
        auto const slots = providers::parse_hook_slots(answer, hook);
        check_failure(slots);
        KSSEDR_CHECK(!slots || (!failure && slots->slots.size() == 2), "slots of a call that failed, or not two");
        KSSEDR_CHECK(!slots || (slots->slots[0].slot == "key1" && !slots->slots[0].value.empty()),
                     "slots out of order");
        auto const trial = providers::parse_hook_trial(answer, SecretString::copy_of("the-key-that-is-tried"));
        check_failure(trial);
        if (!trial) continue;
        KSSEDR_CHECK(!failure, "a trial of a call that failed");
        KSSEDR_CHECK(escape_for_display(trial->why, 4096) == trial->why, "a reason holds what was not escaped");
        KSSEDR_CHECK(!trial->why.contains("the-key-that-is-tried"), "a reason holds the key");
    }
}

}  // namespace kssedr::fuzz
