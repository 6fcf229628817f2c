#include "azure/error_answer.h"

#include "azure/json_view.h"
#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace kssedr::azure {
namespace {

struct Known {
    std::string_view code;
    std::optional<Errc> errc;  ///< where the status alone would mislead
    std::string_view cure;
};

// Codes a person meets, and what to do. The first of a pair of codes that is known decides.
constexpr std::array<Known, 23> known_codes{{
    {"SecretDisabled", Errc::not_found, "the version is disabled; enable it in Key Vault if it is still to be used"},
    {"ForbiddenByRbac",
     {},
     "assign the role Key Vault Secrets Officer on the vault or the secret to kssedr's identity"},
    {"ForbiddenByPolicy", {}, "give kssedr's identity get, list and set on secrets in the vault's access policies"},
    {"AccessDenied", {}, "give kssedr's identity get, list and set on secrets in the vault's access policies"},
    {"ForbiddenByFirewall", {}, "let this machine's network through the vault's firewall, or run kssedr inside it"},
    {"ForbiddenByConnection", {}, "the vault takes private connections only; run kssedr inside its network"},
    {"ObjectIsDeletedButRecoverable", Errc::invalid_argument, "a deleted secret holds the name; recover or purge it"},
    {"ObjectIsBeingDeleted", Errc::conflict, {}},
    {"AuthorizationFailed", {}, "assign a role with the action named above on the resource to kssedr's identity"},
    {"LinkedAuthorizationFailed",
     {},
     "assign a role with the action named above on the linked scope to kssedr's identity"},
    {"ScopeLocked", Errc::invalid_argument, "a management lock forbids it; remove the read-only lock or its scope"},
    {"MissingSubscriptionRegistration", Errc::invalid_argument, "register the resource provider in the subscription"},
    {"SubscriptionNotFound", Errc::not_found, "check the subscription's id and that kssedr's tenant owns it"},
    {"InvalidAuthenticationTokenTenant", {}, "the subscription belongs to another tenant than kssedr's tenantId"},
    {"KeyBasedAuthenticationNotPermitted",
     {},
     "shared keys are switched off for this account; its secrets need no rotation"},
    {"ReadOnlyDisabledSubscription", Errc::invalid_argument, "the subscription is disabled; enable it"},
    {"DisallowedByPolicy", Errc::invalid_argument, "an Azure policy forbids it"},
    // Microsoft Graph's.
    {"Authorization_RequestDenied",
     {},
     "grant kssedr's identity Application.ReadWrite.OwnedBy of Microsoft Graph and make it an owner of the "
     "application"},
    {"Directory_QuotaExceeded", Errc::invalid_argument, "the directory's quota is used up"},
    {"Directory_ObjectSizeExceeded", Errc::invalid_argument,
     "the application holds as much as it may; remove what is not used, such as old client secrets"},
    {"Directory_ConcurrencyViolation", Errc::conflict, {}},
    {"CredentialInvalidLifetimeAsPerAppPolicy", Errc::invalid_argument,
     "the tenant's app management policy wants shorter lives; lower the secret's validity"},
    {"CredentialTypeNotAllowedAsPerAppPolicy", Errc::invalid_argument,
     "the tenant's app management policy forbids client secrets; let the application use another credential"},
}};

Known const* find_known(ServiceError const& error) {
    for (auto const& code : {error.code, error.outer_code})
        for (auto const& known : known_codes)
            if (equals_ignore_case(known.code, code)) return &known;
    return nullptr;
}

// Codes nest: {"code":"Forbidden","innererror":{"code":"SecretDisabled"}}; the innermost says most.
std::string innermost_code(JsonView error) {
    std::string code;
    for (int depth = 0; depth < 4 && error; ++depth) {
        if (auto const text = error.find_any_case("code").text(); text && !text->empty()) code = *text;
        error = error.find_any_case("innererror");
    }
    return code;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

// The services write in lines, and a log line has none.
std::string fold_line_ends(std::string_view text) {
    std::string folded;
    for (auto const part : split(text, '\n')) {
        auto const line = trim(part);
        if (!folded.empty() && !line.empty()) folded += ' ';
        folded += line;
    }
    return folded;
}

Errc code_of_status(long status, Effect effect) {
    switch (status) {
    case 401:
    case 403: return Errc::permission_denied;
    case 404:
    case 410: return Errc::not_found;
    case 409:
    case 412:
    case 423: return Errc::conflict;
    case 429: return Errc::throttled;
    default: break;
    }
    if (status >= 400 && status < 500 && status != 408) return Errc::invalid_argument;
    // "See other" may point at what was done; any other redirect says that nothing was.
    if (is_redirect(status) && !(status == 303 && effect == Effect::happens)) return Errc::invalid_argument;
    // A gateway may have given up on a service that goes on.
    return effect == Effect::happens ? Errc::outcome_unknown : Errc::unavailable;
}

std::string_view find_request_id(http::Response const& answer) {
    for (auto const name : {"x-ms-request-id", "x-ms-correlation-request-id", "request-id"})
        if (auto const id = answer.header(name); !id.empty()) return id;
    return {};
}

// Azure's codes are words of letters; what a vault keeps has, as a rule, something else in it.
bool is_code(std::string_view text) {
    return text.size() <= 64 && std::ranges::all_of(text, is_ascii_letter);
}

void keep_code_only(ServiceError& said) {
    said.message.clear();
    for (auto* const code : {&said.code, &said.outer_code})
        if (!is_code(*code)) code->clear();
}

}  // namespace

ServiceError parse_service_error(std::string_view body) {
    auto const document = JsonDocument::parse(body);
    if (!document) return {};
    auto error = document->root();
    for (auto const name : {"error", "odata.error"})
        if (auto const nested = error.find_any_case(name); nested.is_object()) error = nested;

    ServiceError said;
    said.code = innermost_code(error);
    said.outer_code = error.find_any_case("code").text_or({});
    if (said.outer_code == said.code) said.outer_code.clear();
    auto const message = error.find_any_case("message");
    said.message = message.is_object() ? message.find_any_case("value").text_or({}) : message.text_or({});
    if (auto const word = error.find_any_case("error").text(); said.code.empty() && word) said.code = *word;
    return said;
}

std::string find_service_code(http::Response const& answer) {
    auto said = parse_service_error(answer.body.expose());
    return said.code.empty() ? std::string(answer.header("x-ms-error-code")) : std::move(said.code);
}

bool is_redirect(long status) {
    return status >= 300 && status < 400;
}

std::string explain_redirect(http::Response const& answer) {
    if (!is_redirect(answer.status)) return {};
    // Its host alone: what stands behind it may be a token.
    auto to = answer.header("location");
    auto const scheme = to.find("://");
    to = scheme == std::string_view::npos ? std::string_view() : to.substr(0, to.find_first_of("/?#", scheme + 3));
    return "; a redirect" + (to.empty() ? std::string() : " to " + escape_for_display(to)) +
           ", which is not followed: Azure sends none, so check for a proxy or gateway that answers in its place, and "
           "the hosts that are set (KSSEDR_CLOUD, AZURE_AUTHORITY_HOST, KSSEDR_RESOURCE_MANAGER_URL, "
           "KSSEDR_KEYVAULT_SUFFIX, KSSEDR_GRAPH_URL)";
}

std::optional<Duration> parse_retry_after(http::Response const& answer) {
    constexpr Duration longest = std::chrono::hours(1);
    for (auto const name : {"retry-after-ms", "x-ms-retry-after-ms"})
        if (auto const number = parse_number(answer.header(name)))
            return std::min(longest, Duration(std::min<std::int64_t>(*number, longest.count())));
    auto const text = answer.header("retry-after");
    if (auto const seconds = parse_number(text))
        return std::min<Duration>(longest, std::chrono::seconds(std::min<std::int64_t>(*seconds, 3600)));
    auto const until = parse_http_date(text);
    auto const said_at = parse_http_date(answer.header("date"));
    if (!until || !said_at) return std::nullopt;
    return std::clamp<Duration>(*until - *said_at, Duration{}, longest);
}

Error to_error(http::Response const& answer, std::string_view operation, Effect effect, Quote quote) {
    auto said = parse_service_error(answer.body.expose());
    if (said.code.empty()) said.code = answer.header("x-ms-error-code");
    if (quote == Quote::code_only) keep_code_only(said);
    auto const* const known = find_known(said);
    auto code = code_of_status(answer.status, effect);
    // A code may refine what the status says, never turn "it may have happened" into "it did not".
    if (known != nullptr && known->errc && answer.status >= 400 && answer.status < 500) code = *known->errc;

    std::string message = std::string(operation) + ": answered " + std::to_string(answer.status);
    if (!said.outer_code.empty()) message += ' ' + escape_for_display(said.outer_code, 64);
    if (!said.code.empty()) message += ' ' + escape_for_display(said.code, 64);
    if (!said.message.empty()) message += ", \"" + escape_for_display(fold_line_ends(said.message), 300) + '"';
    if (known != nullptr && !known->cure.empty()) message += "; " + std::string(known->cure);
    message += explain_redirect(answer);
    if (auto const id = find_request_id(answer); !id.empty())
        message += " (request " + escape_for_display(id, 64) + ')';
    return Error(code, std::move(message))
        .with_service_code(escape_for_display(said.code, 64))
        .with_retry_after(parse_retry_after(answer));
}

Error to_error(Error failure, std::string_view operation, Effect effect) {
    if (effect == Effect::none && failure.code() == Errc::outcome_unknown)
        return Error(Errc::unavailable, failure.message()).during(operation);
    if (effect == Effect::happens && failure.code() == Errc::corrupt)
        return Error(Errc::outcome_unknown, failure.message()).during(operation);
    return std::move(failure).during(operation);
}

}  // namespace kssedr::azure
