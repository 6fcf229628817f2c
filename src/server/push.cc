#include "server/push.h"

#include "base/ascii.h"
#include "formats/json_text.h"
#include "formats/push.h"
#include "server/answers.h"

#include <algorithm>

namespace kssedr::server {
namespace {

using formats::Push;

// Event Grid waits thirty seconds.
constexpr Duration store_limit = std::chrono::seconds{20};

// A DNS name, as the sender calls itself.
bool is_origin(std::string_view text) {
    return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '.' || c == '-' || c == '_' || c == ':';
    });
}

}  // namespace

Task<listen::Response> PushEndpoint::take(listen::Request const& request) {
    auto push = formats::parse_push(request.headers.all(), request.body.expose());
    if (!push) {
        metrics_.push_answered(PushResult::malformed);
        log_.warn("push.malformed", {{"error", push.error().message()}});
        co_return answer_error(400, "Malformed", push.error().message(),
                               "send the Event Grid schema or CloudEvents 1.0 as JSON");
    }
    auto const subscription = request.headers.find("aeg-subscription-name").value_or("");
    if (push->kind == Push::Kind::validation) {
        metrics_.push_answered(PushResult::handshake);
        log_.info("push.validated", {{"subscription", std::string(subscription)}});
        co_return answer(200, json_type, R"({"validationResponse":)" + formats::format_json_string(push->text) + '}');
    }
    if (push->kind == Push::Kind::deletion) {
        metrics_.push_answered(PushResult::handshake);
        log_.warn("push.subscription_deleted", {{"subscription", std::string(subscription)}});
        co_return answer(200, json_type, "{}");
    }
    auto const deadline = clock_.steady_now() + store_limit;
    auto const kept = co_await inbox_.put("push", std::move(push->text), deadline);
    if (!kept) {
        metrics_.push_answered(PushResult::unavailable);
        log_.warn("push.not_kept", {{"error", kept.error().message()}});
        co_return answer_unavailable(kept.error());
    }
    metrics_.push_answered(PushResult::accepted);
    if (on_accepted_) on_accepted_();
    co_return answer(200, json_type, R"({"accepted":true})");
}

listen::Response PushEndpoint::consent(listen::Request const& request) {
    auto const origin = trim(request.headers.find("WebHook-Request-Origin").value_or(""));
    if (!is_origin(origin)) {
        metrics_.push_answered(PushResult::malformed);
        return answer_error(400, "NoOrigin", "WebHook-Request-Origin is missing or no host",
                            "this is CloudEvents' handshake for web hooks; events are sent with POST");
    }
    metrics_.push_answered(PushResult::handshake);
    log_.info("push.validated", {{"origin", std::string(origin)}});
    auto response = answer(200, {}, {});
    response.headers.add("WebHook-Allowed-Origin", std::string(origin));
    response.headers.add("WebHook-Allowed-Rate", "*");
    response.headers.add("Allow", "OPTIONS, POST");
    return response;
}

}  // namespace kssedr::server
