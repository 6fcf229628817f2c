#include "providers/hook_protocol.h"

#include "azure/json_view.h"
#include "base/ascii.h"
#include "base/check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace kssedr::providers {
namespace {

using azure::JsonDocument;
using azure::JsonView;
using ports::Trial;

constexpr std::size_t said_max = 300;
constexpr std::int64_t longest_wait = 60 * 60;

constexpr std::array<std::pair<std::string_view, Errc>, 7> codes = {
    std::pair{"throttled", Errc::throttled}, {"denied", Errc::permission_denied}, {"not-found", Errc::not_found},
    {"unavailable", Errc::unavailable},      {"conflict", Errc::conflict},        {"invalid", Errc::invalid_argument},
    {"unknown", Errc::outcome_unknown},
};

bool holds_one(std::string_view text, std::span<std::string_view const> credentials) {
    return std::ranges::any_of(
        credentials, [&](std::string_view each) { return !each.empty() && text.find(each) != std::string_view::npos; });
}

// What a hook says for people. One that says a credential is not quoted at all.
std::string quote(JsonView said, std::span<std::string_view const> credentials) {
    auto const text = said.text().value_or("");
    if (holds_one(text, credentials)) return "(its message holds a credential, so it is not shown)";
    return text.empty() ? "it does not say why" : escape_for_display(text, said_max);
}

std::vector<std::string_view> credentials_in(JsonView root) {
    std::vector<std::string_view> values;
    for (auto const& slot : root["slots"].items())
        if (auto const value = slot["value"].text()) values.push_back(*value);
    return values;
}

Error to_error(JsonView error, std::span<std::string_view const> credentials) {
    auto const word = error["code"].text_or({});
    auto const known = std::ranges::find(codes, std::string_view(word), [](auto const& each) { return each.first; });
    // A word that is not known tells nothing of what was done.
    auto const code = known == codes.end() ? Errc::outcome_unknown : known->second;
    std::optional<Duration> wait;
    if (auto const seconds = error["retryAfter"].integer(); seconds && *seconds >= 0)
        wait = std::chrono::seconds{std::min(*seconds, longest_wait)};
    return Error(code, quote(error["message"], credentials)).with_retry_after(wait);
}

Failure no_answer(std::string const& why) {
    return fail(Errc::corrupt, "its answer is not understood: " + why);
}

// The document, once neither it nor the call says that it failed.
Result<JsonDocument> parse_answer(HookAnswer const& answer, std::span<std::string_view const> asked) {
    auto document = JsonDocument::parse(answer.text.expose());
    if (document && document->root()["error"].is_object()) {
        auto credentials = credentials_in(document->root());
        credentials.insert(credentials.end(), asked.begin(), asked.end());
        return fail(to_error(document->root()["error"], credentials));
    }
    if (answer.failure) return fail(Error(*answer.failure));
    if (answer.text.empty()) return no_answer("it is empty");
    if (!document) return no_answer("it is no JSON");
    if (!document->root().is_object()) return no_answer("it is no object");
    if (document->root()["version"].integer().value_or(1) != 1) return no_answer("its version is not 1");
    return document;
}

Result<rotation::Credential> parse_slot(JsonView slot, std::size_t index, rotation::Hook const& hook) {
    auto value = slot["value"].secret();
    auto const& name = hook.slots[index];
    if (!value || value->empty()) return no_answer(name + " has no value");
    rotation::Credential credential{.slot = name, .value = *std::move(value), .made = {}, .pair = index / 2};
    if (!slot["made"]) return credential;
    auto const made = slot["made"].text();
    credential.made = made ? parse_rfc3339(*made) : std::nullopt;
    if (!credential.made) return no_answer("the time at which " + name + " was made is none of RFC 3339");
    return credential;
}

}  // namespace

std::string_view to_string(HookOperation operation) {
    switch (operation) {
    case HookOperation::list: return "list";
    case HookOperation::regenerate: return "regenerate";
    case HookOperation::verify: break;
    }
    return "verify";
}

SecretString format_hook_request(rotation::Hook const& hook, HookRequest const& request) {
    SecretString text;
    text.reserve(4096);
    auto const member = [&](std::string_view name, std::string_view value) {
        text.append(",\"");
        text.append(name);
        text.append("\":");
        azure::append_json_string(text, value);
    };
    text.append("{\"version\":1");
    member("operation", to_string(request.operation));
    member("owner", hook.owner.text());
    member("id", request.id);
    if (!request.slot.empty()) member("slot", request.slot);
    if (!request.credential.empty()) member("credential", request.credential.expose());
    text.append("}\n");
    KSSEDR_CHECK(text.size() <= 4096, "a request to a hook is longer than its parts may be");
    return text;
}

Result<rotation::Credentials> parse_hook_slots(HookAnswer const& answer, rotation::Hook const& hook) {
    KSSEDR_TRY(auto const document, parse_answer(answer, {}));
    auto const shown = document.root()["slots"].items();
    if (shown.size() != hook.slots.size())
        return no_answer("it shows " + std::to_string(shown.size()) + " slots, and is to show " +
                         std::to_string(hook.slots.size()));
    rotation::Credentials credentials;
    for (std::size_t i = 0; i < hook.slots.size(); ++i) {
        auto const found = std::ranges::find(shown, std::string_view(hook.slots[i]),
                                             [](JsonView slot) { return slot["name"].text().value_or(""); });
        if (found == shown.end()) return no_answer("it does not show the slot " + hook.slots[i]);
        KSSEDR_TRY(auto credential, parse_slot(*found, i, hook));
        credentials.slots.push_back(std::move(credential));
    }
    return credentials;
}

Result<ports::TrialResult> parse_hook_trial(HookAnswer const& answer, SecretString const& credential) {
    std::array<std::string_view, 1> const asked = {credential.expose()};
    KSSEDR_TRY(auto const document, parse_answer(answer, asked));
    auto const root = document.root();
    auto const result = root["result"].text_or({});
    if (result == "accepted") return ports::TrialResult{Trial::accepted, {}};
    if (result == "rejected") return ports::TrialResult{Trial::rejected, quote(root["why"], asked)};
    if (result == "inconclusive") return ports::TrialResult{Trial::inconclusive, quote(root["why"], asked)};
    return no_answer("its result is none of accepted, rejected and inconclusive");
}

bool tells_credential(SecretString const& text, HookRequest const& request, HookAnswer const& answer) {
    auto const document = JsonDocument::parse(answer.text.expose());
    auto credentials = document ? credentials_in(document->root()) : std::vector<std::string_view>();
    credentials.push_back(request.credential.expose());
    return holds_one(text.expose(), credentials);
}

}  // namespace kssedr::providers
