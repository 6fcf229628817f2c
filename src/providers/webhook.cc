#include "providers/webhook.h"

#include "azure/error_answer.h"
#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"

namespace kssedr::providers {
namespace {

// Shorter ones are guessed by whoever sees one signed request.
constexpr std::size_t shortest_signing_secret = 16;

// What a status means that stands beside no error of the protocol's. One of the service's own faults may have come
// after it did what it was asked.
std::optional<Error> failure_of(http::Response const& response) {
    auto const status = response.status;
    if (status >= 200 && status < 300) return std::nullopt;
    auto const why = "it answered HTTP " + std::to_string(status);
    if (status >= 300 && status < 400) return Error(Errc::invalid_argument, why + "; redirects are not followed");
    if (status == 401 || status == 403) return Error(Errc::permission_denied, why);
    if (status == 429) return Error(Errc::throttled, why).with_retry_after(azure::parse_retry_after(response));
    if (status >= 400 && status < 500 && status != 408) return Error(Errc::invalid_argument, why);
    return Error(Errc::outcome_unknown, why).with_retry_after(azure::parse_retry_after(response));
}

}  // namespace

std::string format_hook_signature(SecretString const& secret, TimePoint now, SecretString const& body) {
    auto const seconds = std::to_string(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
    auto text = SecretString::copy_of(seconds + ".");
    text.append(body.expose());
    return "t=" + seconds + ",v1=" + format_hex(hmac_sha256(secret.expose(), text.expose()));
}

Async<SecretString> Webhook::fetch_signing_secret(rotation::Hook const& hook, SteadyPoint deadline) {
    auto const doing = "reading the signing secret, " + hook.signing_secret->url();
    auto const version = co_await vault_.fetch(*hook.signing_secret, {}, deadline);
    if (!version) {
        // What is not found is not what the hook makes credentials of; and nothing was sent.
        bool const is_gone = version.error().code() == Errc::not_found;
        if (is_gone) co_return fail(Error(Errc::invalid_argument, version.error().message()).during(doing));
        co_return fail(Error(version.error()).during(doing));
    }
    auto const value = trim(version->value.expose());
    if (value.size() < shortest_signing_secret)
        co_return fail(Errc::invalid_argument, doing + ": it is shorter than 16 characters");
    co_return SecretString::copy_of(value);
}

Async<HookAnswer> Webhook::call(rotation::Hook const& hook, HookRequest const& request, SecretString body,
                                SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const secret, co_await fetch_signing_secret(hook, deadline));
    http::Request sent;
    sent.method = http::Method::post;
    sent.url = hook.url;
    sent.headers = {{"Content-Type", "application/json"},
                    {"Accept", "application/json"},
                    {"X-Kssedr-Id", request.id},
                    {"X-Kssedr-Signature", format_hook_signature(secret, clock_.now(), body)}};
    sent.body = std::move(body);
    sent.repeatable = request.operation != HookOperation::regenerate;
    sent.response_limit = hook_answer_max;
    auto response = co_await transport_.send(std::move(sent), deadline);
    if (!response) {
        // Too long an answer is one to what was sent.
        bool const is_sent = response.error().code() == Errc::corrupt;
        if (is_sent) co_return HookAnswer{{}, Error(Errc::outcome_unknown, response.error().message())};
        co_return fail(std::move(response).error());
    }
    co_return HookAnswer{std::move(response->body), failure_of(*response)};
}

}  // namespace kssedr::providers
