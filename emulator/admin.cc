#include "emulator/admin.h"

#include "base/ascii.h"
#include "emulator/app_passwords.h"
#include "emulator/keyed_resources.h"

#include <boost/json/array.hpp>

#include <charconv>

namespace kssedr::emulator {
namespace {

constexpr std::string_view prefix = "/_emulator/";

listen::Response refuse(unsigned status, std::string const& message) {
    return make_json_response(status, json::object{{"error", json::object{{"message", message}}}});
}

unsigned to_status(Errc code) {
    if (code == Errc::not_found) return 404;
    return code == Errc::invalid_argument || code == Errc::corrupt ? 400 : 502;
}

listen::Response to_response(Result<json::object> result) {
    if (!result) return refuse(to_status(result.error().code()), result.error().message());
    return make_json_response(200, std::move(*result));
}

std::uint64_t parse_since(Query const& query) {
    auto const text = query.get("since");
    std::uint64_t since = 0;
    std::from_chars(text.data(), text.data() + text.size(), since);
    return since;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

bool Admin::is_for_it(listen::Request const& request) {
    return request.path().starts_with(prefix);
}

Task<listen::Response> Admin::handle(listen::Request const& request) {
    auto const segments = split_path(request.path());
    std::string const what = segments.size() > 1 ? segments[1] : "";
    if (segments.size() > 3) co_return refuse(404, "there is nothing at this address");
    if (request.method == "GET") co_return get(what, Query(request.query(), PlusSign::is_blank));
    if (request.method == "DELETE") co_return remove(what, segments.size() > 2 ? segments[2] : "");
    if (request.method != "PUT" && request.method != "POST")
        co_return refuse(405, "GET, PUT, POST and DELETE are known");
    auto const body = parse_json(request.body.expose());
    if (!body) co_return refuse(400, body.error().message());
    auto response = co_await put(what, *body);
    co_return response;
}

listen::Response Admin::get(std::string const& what, Query const& query) {
    if (what == "state") return make_json_response(200, state());
    if (what == "clock") return make_json_response(200, clock_state());
    if (what == "resources") return make_json_response(200, resources());
    if (what == "applications") return make_json_response(200, applications());
    if (what == "faults") return make_json_response(200, faults_.to_json());
    if (what == "holds") return make_json_response(200, holds_.to_json());
    if (what == "calls") return make_json_response(200, calls_.to_json(parse_since(query)));
    if (what == "events") {
        bool const event_grid = equals_ignore_case(query.get("schema"), "EventGridSchema");
        return make_json_response(
            200,
            events_.events_since(parse_since(query), event_grid ? EventSchema::event_grid : EventSchema::cloud_events));
    }
    return refuse(404, "state, clock, resources, applications, faults, holds, calls and events can be read");
}

Task<listen::Response> Admin::put(std::string const& what, json::value const& body) {
    if (what == "clock") co_return to_response(change_clock(body));
    if (what == "throttle") co_return to_response(change_throttle(body));
    if (what == "duplicate") co_return to_response(redeliver(body));
    if (what == "event-subscriptions") {
        auto made = co_await subscribe(body);
        co_return to_response(std::move(made));
    }
    if (what == "faults") {
        auto const added = faults_.add(body);
        if (!added) co_return refuse(to_status(added.error().code()), added.error().message());
        co_return make_json_response(200, json::object{{"ids", *added}});
    }
    co_return to_response(builder_.put(what, body));
}

listen::Response Admin::remove(std::string const& what, std::string const& which) {
    auto const done = [](std::size_t count) { return make_json_response(200, json::object{{"removed", count}}); };
    auto& world = ground_.world;
    if (what == "faults") {
        faults_.clear();
        return done(1);
    }
    if (what == "calls") {
        calls_.clear();
        return done(1);
    }
    if (what == "holds") {
        auto const number = parse_number(which);
        if (!which.empty() && !number) return refuse(400, "a hold is named by its call's number");
        return make_json_response(200, json::object{{"released", holds_.release(number)}});
    }
    if (what == "locks") {
        auto const count = world.locks.size();
        world.locks.clear();
        return done(count);
    }
    if (what == "event-subscriptions") return done(events_.unsubscribe(which) ? 1 : 0);
    if (what == "apps") return done(world.apps.erase(which));
    if (what == "vaults") return done(world.vaults.erase(which));
    if (what == "accounts") return done(world.accounts.erase(which));
    if (what == "resources") return done(world.resources.erase(which));
    return refuse(404,
                  "faults, calls, holds, locks, event-subscriptions, apps, vaults, accounts and resources can be "
                  "removed");
}

Result<json::object> Admin::change_clock(json::value const& body) {
    Fields fields(body, "the clock");
    auto const advance = fields.duration("advance", Duration{});
    auto const set = fields.time("set");
    auto const speed = fields.fraction("speed", ground_.clock.speed());
    KSSEDR_TRY_VOID(fields.finish());
    if (speed < 0 || speed > 31'536'000)
        return fail(Errc::invalid_argument, "'speed' must be 0 to 31536000 (a year a second)");
    if (set) ground_.clock.set(*set);
    ground_.clock.advance(advance);
    ground_.clock.set_speed(speed);
    events_.tick();
    return clock_state();
}

Result<json::object> Admin::change_throttle(json::value const& body) {
    Fields fields(body, "the throttle");
    bool const enabled = fields.flag("enabled", true);
    KSSEDR_TRY_VOID(fields.finish());
    ground_.world.throttling = enabled;
    return json::object{{"enabled", enabled}};
}

Result<json::object> Admin::redeliver(json::value const& body) {
    Fields fields(body, "a duplicate");
    auto const event = fields.number("event", 0);
    KSSEDR_TRY_VOID(fields.finish());
    if (event <= 0 || !events_.redeliver(static_cast<std::uint64_t>(event)))
        return fail(Errc::not_found, "there is no event " + std::to_string(event));
    return json::object{{"event", event}};
}

Async<json::object> Admin::subscribe(json::value const& body) {
    KSSEDR_CO_TRY(auto subscription, builder_.parse_event_subscription(body));
    auto const* validate = body.get_object().if_contains("validate");
    if (validate != nullptr && validate->is_bool() && validate->get_bool()) {
        KSSEDR_CO_TRY_VOID(co_await events_.shake_hands(subscription));
    }
    json::object made{{"name", subscription.name}, {"endpoint", subscription.endpoint.text}};
    events_.subscribe(std::move(subscription));
    co_return made;
}

json::object Admin::clock_state() const {
    return {{"now", format_rfc3339(ground_.clock.now())},
            {"real", format_rfc3339(ground_.clock.real().now())},
            {"speed", ground_.clock.speed()}};
}

json::array Admin::resources() {
    json::array all;
    for (auto& [id, one] : ground_.world.resources) {
        settle(one, ground_.clock.now());
        json::array keys;
        for (auto const& key : one.keys) {
            json::object shown{{"slot", key.slot}, {"value", key.value}, {"made", key.made}};
            if (!key.id.empty()) shown["id"] = key.id;
            if (!key.policy.empty()) shown["policy"] = key.policy;
            keys.push_back(std::move(shown));
        }
        bool const goes_on = one.operation && !one.operation->has_ended;
        all.push_back(
            json::object{{"id", one.id}, {"type", one.type}, {"keys", std::move(keys)}, {"operationGoesOn", goes_on}});
    }
    return all;
}

json::array Admin::applications() const {
    json::array all;
    for (auto const& [id, one] : ground_.world.apps) {
        json::array passwords;
        for (auto const& password : one.passwords) {
            if (password.is_removed) continue;
            auto shown = to_graph(password);
            shown["secretText"] = password.value;
            passwords.push_back(std::move(shown));
        }
        all.push_back(json::object{
            {"id", one.application_id}, {"appId", one.client_id}, {"passwordCredentials", std::move(passwords)}});
    }
    return all;
}

json::object Admin::state() const {
    auto const& world = ground_.world;
    json::array tenants, apps, subscriptions, groups, vaults, accounts, resources, locks;
    for (auto const& [id, one] : world.tenants) tenants.push_back(json::object{{"id", one.id}, {"domain", one.domain}});
    for (auto const& [id, one] : world.apps)
        apps.push_back(json::object{{"clientId", one.client_id},
                                    {"objectId", one.object_id},
                                    {"applicationObjectId", one.application_id},
                                    {"tenant", one.tenant},
                                    {"name", one.name},
                                    {"denials", one.denials.size()}});
    for (auto const& [id, one] : world.subscriptions)
        subscriptions.push_back(json::object{{"id", one.id}, {"name", one.name}, {"tenant", one.tenant}});
    for (auto const& one : world.groups)
        groups.push_back(json::object{{"subscription", one.subscription}, {"name", one.name}});
    for (auto const& [name, one] : world.vaults)
        vaults.push_back(json::object{{"id", format_resource_id(one.place, vault_type)},
                                      {"secrets", one.secrets.size()},
                                      {"deletedSecrets", one.secrets.deleted_size()}});
    for (auto const& [name, one] : world.accounts) {
        json::object times;
        for (auto const& key : one.keys) times[key.name] = key.creation_time;
        accounts.push_back(json::object{{"id", format_resource_id(one.place, account_type)},
                                        {"keyCreationTime", std::move(times)},
                                        {"containers", one.blobs.containers.size()}});
    }
    for (auto const& [id, one] : world.resources)
        resources.push_back(json::object{{"id", one.id}, {"type", one.type}, {"keys", one.keys.size()}});
    for (auto const& one : world.locks) locks.push_back(json::value(one.scope));
    return {{"clock", clock_state()},
            {"throttling", world.throttling},
            {"tenants", std::move(tenants)},
            {"apps", std::move(apps)},
            {"subscriptions", std::move(subscriptions)},
            {"resourceGroups", std::move(groups)},
            {"vaults", std::move(vaults)},
            {"accounts", std::move(accounts)},
            {"resources", std::move(resources)},
            {"locks", std::move(locks)},
            {"eventSubscriptions", events_.subscriptions_to_json()},
            {"expectedEvents", events_.expected()},
            {"undeliveredEvents", events_.undelivered()}};
}

}  // namespace kssedr::emulator
