#include "emulator/event_grid_namespace.h"

#include "base/ascii.h"
#include "base/encoding.h"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kssedr::emulator {
namespace {

constexpr std::string_view api_version = "2024-06-01";

struct Named {
    std::string topic;
    std::string subscription;
    std::string operation;  // `receive`, …; empty: nothing known
};

// `/topics/{topic}:publish`, `/topics/{topic}/eventsubscriptions/{name}:{operation}`.
Named parse_path(std::vector<std::string> const& segments) {
    bool const is_topic = segments.size() == 2 && segments[0] == "topics";
    bool const is_subscription =
        segments.size() == 4 && segments[0] == "topics" && equals_ignore_case(segments[2], "eventsubscriptions");
    if (!is_topic && !is_subscription) return {};
    auto const& last = segments.back();
    auto const colon = last.rfind(':');
    if (colon == std::string::npos) return {};
    Named named{segments[1], last.substr(0, colon), last.substr(colon + 1)};
    if (is_topic) named.topic = std::exchange(named.subscription, {});
    constexpr std::array<std::string_view, 5> of_subscriptions = {"receive", "acknowledge", "release", "reject",
                                                                  "renewLock"};
    bool const is_known = is_topic ? named.operation == "publish"
                                   : std::ranges::find(of_subscriptions, named.operation) != of_subscriptions.end();
    return is_known ? named : Named{};
}

std::optional<std::int64_t> number_in(Query const& query, std::string_view name, std::int64_t otherwise) {
    auto const text = query.get(name);
    if (text.empty()) return otherwise;
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_cloud_event(json::value const& event) {
    if (!event.is_object()) return false;
    return std::ranges::all_of(std::array{"id", "source", "type", "specversion"}, [&](char const* name) {
        auto const* const member = event.get_object().if_contains(name);
        return member != nullptr && member->is_string() && !member->get_string().empty();
    });
}

}  // namespace

void EventGridNamespace::name(Call& call) const {
    auto const named = parse_path(call.segments);
    call.resource = call.destination.instance + '/' + named.topic;
    if (!named.subscription.empty()) call.resource += '/' + named.subscription;
    call.operation = named.operation.empty() || call.request.method != "POST" ? "other" : "events." + named.operation;
}

listen::Response EventGridNamespace::answer(Call& call) {
    if (auto refusal = turn_away(call)) return *std::move(refusal);
    auto const named = parse_path(call.segments);
    if (call.operation == "other") return refuse(call, 404, "NotFound", "The requested operation does not exist.");
    if (named.operation == "publish") return publish(call);
    auto& all = ground_.world.topic_subscriptions;
    auto const found = std::ranges::find_if(all, [&](TopicSubscription const& one) {
        return equals_ignore_case(one.event_grid, call.destination.instance) &&
               equals_ignore_case(one.topic, named.topic) && equals_ignore_case(one.name, named.subscription);
    });
    if (found == all.end())
        return refuse(call, 404, "NotFound", "The event subscription '" + named.subscription + "' was not found.");
    return named.operation == "receive" ? receive(call, *found) : settle(call, *found);
}

std::optional<listen::Response> EventGridNamespace::turn_away(Call& call) {
    if (call.query.get("api-version") != api_version)
        return refuse(call, 400, "UnsupportedApiVersion", "The api-version is not supported.");
    auto const header = call.request.headers.find("Authorization").value_or("");
    constexpr std::string_view scheme = "SharedAccessKey ";
    if (header.starts_with(scheme)) {
        bool const opens = std::ranges::any_of(ground_.world.topic_subscriptions, [&](TopicSubscription const& one) {
            return equals_ignore_case(one.event_grid, call.destination.instance) &&
                   one.key == header.substr(scheme.size());
        });
        if (opens) return std::nullopt;
        return refuse(call, 401, "Unauthorized", "The access key is not one of this namespace's.");
    }
    auto const token = ground_.tokens.verify(find_bearer(call.request), ground_.clock.unhurried_now());
    if (!token || token->audience != "https://eventgrid.azure.net")
        return refuse(call, 401, "Unauthorized", "The token is missing, has expired, or is for another audience.");
    call.client_id = token->client_id;
    auto const* const app = ground_.world.find_app(call.client_id);
    if (app != nullptr && is_denied(*app, call.operation, call.resource))
        return refuse(call, 403, "Forbidden", "The principal does not have the data action for this operation.");
    return std::nullopt;
}

listen::Response EventGridNamespace::publish(Call& call) {
    auto const body = parse_json(call.request.body.expose());
    json::array events;
    if (body && body->is_array())
        events = body->get_array();
    else if (body)
        events.push_back(*body);
    if (!body || !std::ranges::all_of(events, is_cloud_event))
        return refuse(call, 400, "BadRequest", "The body is not one CloudEvent, nor an array of them.");
    auto const topic = parse_path(call.segments).topic;
    for (auto& subscription : ground_.world.topic_subscriptions) {
        bool const is_its = equals_ignore_case(subscription.event_grid, call.destination.instance) &&
                            equals_ignore_case(subscription.topic, topic);
        if (!is_its) continue;
        for (auto const& event : events) subscription.waiting.push_back({.event = json::serialize(event)});
        call.effect = true;
    }
    if (!call.effect) return refuse(call, 404, "NotFound", "The topic '" + topic + "' was not found.");
    return make_json_response(200, json::object());
}

listen::Response EventGridNamespace::receive(Call& call, TopicSubscription& subscription) {
    auto const most = number_in(call.query, "maxEvents", 1);
    auto const wait = number_in(call.query, "maxWaitTime", 60);
    if (!most || *most < 1 || *most > 100 || !wait || *wait < 10 || *wait > 120)
        return refuse(call, 400, "BadRequest", "maxEvents is 1 to 100, and maxWaitTime 10 to 120.");
    auto const now = ground_.clock.now();
    std::string received;
    std::int64_t number = 0;
    for (auto one = subscription.waiting.begin(); one != subscription.waiting.end() && number < *most;) {
        if (one->hidden_until > now) {
            ++one;
            continue;
        }
        if (one->deliveries == subscription.deliveries_max) {
            ++subscription.dead;
            one = subscription.waiting.erase(one);
            continue;
        }
        ++one->deliveries;
        one->token = format_base64(ground_.random.uuid());
        one->hidden_until = now + subscription.lock;
        json::object const properties{{"lockToken", one->token}, {"deliveryCount", one->deliveries}};
        received += number++ == 0 ? "" : ",";
        received += R"({"brokerProperties":)" + json::serialize(properties) + R"(,"event":)" + one->event + '}';
        call.effect = true;
        ++one;
    }
    auto response = make_json_response(200, json::object());
    response.body = R"({"value":[)" + received + "]}";
    return response;
}

listen::Response EventGridNamespace::settle(Call& call, TopicSubscription& subscription) {
    auto const body = parse_json(call.request.body.expose());
    auto const* const tokens = body && body->is_object() ? body->get_object().if_contains("lockTokens") : nullptr;
    if (tokens == nullptr || !tokens->is_array())
        return refuse(call, 400, "BadRequest", "The body is {\"lockTokens\": […]}.");
    auto const delay = number_in(call.query, "releaseDelayInSeconds", 0);
    constexpr std::array<std::int64_t, 5> delays = {0, 10, 60, 600, 3600};
    if (!delay || std::ranges::find(delays, *delay) == delays.end())
        return refuse(call, 400, "BadRequest", "releaseDelayInSeconds is 0, 10, 60, 600 or 3600.");
    auto const operation = parse_path(call.segments).operation;
    json::array succeeded;
    json::array failed;
    for (auto const& token : tokens->get_array()) {
        std::string_view const text = token.is_string() ? std::string_view(token.get_string()) : std::string_view();
        if (settle_one(operation, subscription, text, std::chrono::seconds{*delay})) {
            succeeded.push_back(token);
            call.effect = true;
            continue;
        }
        json::object const error{{"code", "TokenLost"}, {"message", "The lock has ended, or was never given."}};
        failed.push_back(json::object{{"lockToken", token}, {"error", error}});
    }
    return make_json_response(200, json::object{{"failedLockTokens", failed}, {"succeededLockTokens", succeeded}});
}

bool EventGridNamespace::settle_one(std::string_view operation, TopicSubscription& subscription, std::string_view token,
                                    Duration delay) {
    auto const now = ground_.clock.now();
    auto const place = std::ranges::find_if(subscription.waiting, [&](TopicSubscription::Waiting const& one) {
        return !token.empty() && one.token == token && one.hidden_until > now;
    });
    if (place == subscription.waiting.end()) return false;
    if (operation == "renewLock") {
        place->hidden_until = now + subscription.lock;
    } else if (operation == "release") {
        place->token.clear();
        place->hidden_until = now + delay;
    } else {
        subscription.dead += operation == "reject" ? 1 : 0;
        subscription.waiting.erase(place);
    }
    return true;
}

listen::Response EventGridNamespace::refuse(Call const&, unsigned status, std::string const& code,
                                            std::string const& message) {
    return make_json_response(
        status, json::object{{"error", json::object{{"code", code.empty() ? "Error" : code}, {"message", message}}}});
}

}  // namespace kssedr::emulator
