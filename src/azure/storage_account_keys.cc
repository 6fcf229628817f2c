#include "azure/storage_account_keys.h"

#include "azure/json_view.h"
#include "base/ascii.h"

#include <algorithm>
#include <array>

namespace kssedr::azure {
namespace {

constexpr std::string_view api_version = "2023-05-01";
constexpr std::array<std::string_view, 2> slots = {"key1", "key2"};

bool is_slot(std::string_view text) {
    return std::ranges::find(slots, text) != slots.end();
}

JsonView find_key(JsonView keys, std::string_view name) {
    for (auto const& key : keys.items())
        if (auto const found = key["keyName"].text(); found && equals_ignore_case(*found, name)) return key;
    return {};
}

Result<rotation::Credential> to_credential(JsonView key, std::string_view slot) {
    auto value = key["value"].secret();
    if (!value || value->empty()) return fail(Errc::corrupt, "the answer does not show " + std::string(slot));
    // A key that only reads would not be what the secret held. Written `Full` by the specification, `FULL` by the
    // service.
    auto const permissions = key["permissions"].text();
    if (permissions && !equals_ignore_case(*permissions, "full"))
        return fail(Errc::corrupt,
                    std::string(slot) + " has permissions \"" + escape_for_display(*permissions) + "\", not full ones");
    rotation::Credential credential;
    credential.slot = slot;
    credential.value = *std::move(value);
    // Absent where a key is as old as the field is new.
    if (auto const made = key["creationTime"].text()) credential.made = parse_rfc3339(*made);
    return credential;
}

}  // namespace

Result<rotation::Credentials> parse_storage_keys(std::string_view body) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const keys = document.root()["keys"];
    if (!keys.is_array()) return fail(Errc::corrupt, "the answer is no list of keys");
    rotation::Credentials credentials;
    for (auto const slot : slots) {
        KSSEDR_TRY(auto credential, to_credential(find_key(keys, slot), slot));
        credentials.slots.push_back(std::move(credential));
    }
    return credentials;
}

Async<rotation::Credentials> StorageAccountKeys::list(rotation::ArmId account, SteadyPoint deadline) {
    ArmCall call{.operation = "listing the keys of storage account " + std::string(account.resource_name()),
                 .resource = account,
                 .action = "listKeys",
                 .api_version = std::string(api_version),
                 .method = http::Method::post};
    auto const operation = call.operation;
    KSSEDR_CO_TRY(auto const answer, co_await arm_.send(std::move(call), deadline));
    auto credentials = parse_storage_keys(answer.body.expose());
    if (!credentials) co_return fail(std::move(credentials).error().during(operation));
    credentials->calls_left = find_calls_left(answer);
    co_return credentials;
}

Async<rotation::Credentials> StorageAccountKeys::regenerate(rotation::ArmId account, std::string slot,
                                                            SteadyPoint deadline) {
    auto const operation =
        "regenerating " + escape_for_display(slot) + " of storage account " + std::string(account.resource_name());
    if (!is_slot(slot)) co_return fail(Errc::invalid_argument, operation + ": a storage account has key1 and key2");
    ArmCall call{.operation = operation,
                 .resource = account,
                 .action = "regenerateKey",
                 .api_version = std::string(api_version),
                 .method = http::Method::post,
                 .effect = Effect::happens,
                 .body = SecretString::copy_of("{\"keyName\":\"" + slot + "\"}")};
    KSSEDR_CO_TRY(auto const answer, co_await arm_.send(std::move(call), deadline));
    auto credentials = parse_storage_keys(answer.body.expose());
    if (!credentials) co_return fail(to_error(std::move(credentials).error(), operation, Effect::happens));
    credentials->calls_left = find_calls_left(answer);
    co_return credentials;
}

}  // namespace kssedr::azure
