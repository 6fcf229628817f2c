#include "azure/event_grid_queue.h"

#include "azure/error_answer.h"
#include "azure/json_view.h"
#include "azure/url.h"
#include "base/ascii.h"
#include "base/encoding.h"
#include "formats/json_cursor.h"
#include "formats/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view api_version = "2024-06-01";
constexpr std::string_view audience = "https://eventgrid.azure.net";
constexpr std::size_t events_max = 100;
constexpr std::size_t answer_max = std::size_t{8} << 20U;
// What the service lets a receiver wait, in seconds, and what the way there and back may take.
constexpr std::int64_t wait_least = 10;
constexpr std::int64_t wait_most = 60;
constexpr Duration on_the_way = 15s;

Failure no_answer(std::string_view what) {
    return fail(Errc::corrupt, "the answer is not one of Event Grid's: " + std::string(what));
}

// One of `value`: the event's own text is handed on as it came, not as it would be written again.
Result<QueuedMessage> take_received(formats::JsonCursor& json) {
    QueuedMessage message;
    if (!json.enter_object()) return no_answer("an event that is no object");
    while (auto const member = json.next_member()) {
        if (member->is_named("event")) {
            message.body = json.skip();
        } else if (member->is_named("brokerProperties") && json.kind() == formats::JsonKind::object) {
            json.enter_object();
            while (auto const property = json.next_member()) {
                bool const is_token = property->is_named("lockToken") && json.kind() == formats::JsonKind::string;
                if (!is_token) {
                    json.skip();
                    continue;
                }
                if (auto const token = json.take_string()) message.receipt = token->text();
            }
        } else {
            json.skip();
        }
    }
    if (message.body.empty() || message.receipt.empty()) return no_answer("an event without its lock token");
    return message;
}

}  // namespace

Result<std::vector<QueuedMessage>> parse_received_events(std::string_view body) {
    formats::JsonCursor json(body);
    std::vector<QueuedMessage> messages;
    bool is_told = false;
    if (!json.enter_object()) return no_answer("no object");
    while (auto const member = json.next_member()) {
        if (!member->is_named("value") || json.kind() != formats::JsonKind::array) {
            json.skip();
            continue;
        }
        is_told = true;
        json.enter_array();
        while (json.next_element()) {
            KSSEDR_TRY(auto message, take_received(json));
            messages.push_back(std::move(message));
        }
    }
    KSSEDR_TRY_VOID(json.finish());
    if (!is_told) return no_answer("no value");
    return messages;
}

Result<void> parse_settlement(std::string_view body) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const failed = document.root()["failedLockTokens"];
    if (!failed.is_array() || failed.items().empty()) return {};
    auto const error = failed.items().front()["error"];
    auto const code = error["code"].text_or({});
    auto const message = fmt::format("it answered {}: {}", escape_for_display(code, 64),
                                     escape_for_display(error["message"].text_or({}), 300));
    bool const is_ours_no_more = code == "TokenLost" || code == "BadToken";
    return fail(is_ours_no_more ? Errc::not_found : Errc::unavailable, message);
}

EventGridQueue::EventGridQueue(http::Transport& transport, TokenSource& tokens, Clock& clock, Random& random,
                               EventGridQueueOptions options)
    : transport_(transport),
      clock_(clock),
      random_(random),
      client_(transport, tokens, random),
      options_(std::move(options)) {}

Async<http::Response> EventGridQueue::send(std::string_view operation, std::string_view query, SecretString body,
                                           std::string_view doing, SteadyPoint deadline) {
    Call call;
    call.operation = fmt::format("{} subscription {} of topic {} at {}", doing, options_.subscription, options_.topic,
                                 options_.host);
    call.method = http::Method::post;
    call.url = fmt::format("https://{}/topics/{}/eventsubscriptions/{}:{}?api-version={}{}", options_.host,
                           format_percent(options_.topic), format_percent(options_.subscription), operation,
                           api_version, query);
    call.body = std::move(body);
    call.response_limit = answer_max;
    if (!options_.key.empty()) co_return co_await send_with_key(std::move(call), deadline);
    auto const authority = find_https_authority(call.url);
    Service service{authority.value_or(std::string()), std::string(audience)};
    co_return co_await client_.send(std::move(service), std::move(call), deadline);
}

Async<http::Response> EventGridQueue::send_with_key(Call call, SteadyPoint deadline) {
    http::Request request{.method = call.method, .url = std::move(call.url)};
    request.headers = {{"Accept", "application/json"}, {"x-ms-client-request-id", random_.uuid()}};
    if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.authorization = SecretString::copy_of("SharedAccessKey ");
    request.authorization.append(options_.key.expose());
    request.body = std::move(call.body);
    request.response_limit = call.response_limit;
    auto answer = co_await transport_.send(std::move(request), deadline);
    if (!answer) co_return fail(to_error(std::move(answer).error(), call.operation, call.effect));
    if (answer->status >= 200 && answer->status < 300) co_return answer;
    co_return fail(to_error(*answer, call.operation, call.effect));
}

Async<std::vector<QueuedMessage>> EventGridQueue::receive(std::size_t at_most, SteadyPoint deadline) {
    auto const left = (deadline - clock_.steady_now() - on_the_way) / 1s;
    auto const query = fmt::format("&maxEvents={}&maxWaitTime={}", std::clamp<std::size_t>(at_most, 1, events_max),
                                   std::clamp<std::int64_t>(left, wait_least, wait_most));
    KSSEDR_CO_TRY(auto const answer, co_await send("receive", query, {}, "receiving events of", deadline));
    co_return parse_received_events(answer.body.expose());
}

Async<void> EventGridQueue::settle(std::string_view operation, std::string_view query, QueuedMessage const& message,
                                   std::string_view doing, SteadyPoint deadline) {
    auto body = SecretString::copy_of("{\"lockTokens\":[" + formats::format_json_string(message.receipt) + "]}");
    KSSEDR_CO_TRY(auto const answer, co_await send(operation, query, std::move(body), doing, deadline));
    if (auto const settled = parse_settlement(answer.body.expose()); !settled)
        co_return fail(Error(settled.error()).during(fmt::format("{} {}", doing, options_.subscription)));
    co_return Result<void>();
}

Async<void> EventGridQueue::renew(QueuedMessage& message, SteadyPoint deadline) {
    return settle("renewLock", {}, message, "keeping an event of", deadline);
}

Async<void> EventGridQueue::acknowledge(QueuedMessage const& message, SteadyPoint deadline) {
    return settle("acknowledge", {}, message, "acknowledging an event of", deadline);
}

Async<void> EventGridQueue::give_back(QueuedMessage const& message, SteadyPoint deadline) {
    return settle("release", "&releaseDelayInSeconds=0", message, "releasing an event of", deadline);
}

Async<std::optional<std::uint64_t>> EventGridQueue::count(SteadyPoint) {
    co_return std::optional<std::uint64_t>();
}

}  // namespace kssedr::azure
