#include "emulator/faults.h"

#include "base/ascii.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace kssedr::emulator {
namespace {

Result<Side> parse_side(std::string const& text, std::string_view what) {
    if (text.empty()) return Side::none;
    if (text == "before") return Side::before;
    if (text == "after") return Side::after;
    return fail(Errc::invalid_argument, "'" + std::string(what) + "' must be \"before\" or \"after\"");
}

Result<FaultAction> parse_action(json::value const& value) {
    Fields fields(value, "a fault's action");
    FaultAction action;
    action.delay = Duration{fields.number("delayMs", 0)};
    auto const status = fields.number("status", 0);
    action.code = fields.text("code", "");
    action.message = fields.text("message", "");
    for (auto& [name, one] : fields.text_map("headers")) action.headers.emplace_back(name, one);
    if (auto const* body = fields.raw("body"))
        action.body = body->is_string() ? std::string(body->get_string()) : json::serialize(*body);
    action.effect = fields.flag("effect", false);
    action.empty_page = fields.flag("emptyPage", false);
    auto const reset = fields.text("reset", "");
    auto const hold = fields.text("hold", "");
    KSSEDR_TRY_VOID(fields.finish());
    KSSEDR_TRY(action.reset, parse_side(reset, "reset"));
    KSSEDR_TRY(action.hold, parse_side(hold, "hold"));
    if (status != 0 && (status < 200 || status > 599))
        return fail(Errc::invalid_argument, "'status' of a fault's action must be 200 to 599");
    if (action.delay < Duration{} || action.delay > Duration{3'600'000})
        return fail(Errc::invalid_argument, "'delayMs' of a fault's action must be 0 to 3600000");
    action.status = static_cast<unsigned>(status);
    return action;
}

Result<Fault> parse_fault(json::value const& value) {
    Fields fields(value, "a fault");
    Fault fault;
    json::value const none = json::object();
    auto const* match = fields.raw("match");
    auto const* action = fields.raw("action");
    fault.after = fields.number("after", 0);
    fault.times = fields.number("times", 1);
    KSSEDR_TRY_VOID(fields.finish());
    Fields matched(match == nullptr ? none : *match, "a fault's match");
    fault.service = matched.text("service", "");
    fault.operation = matched.text("operation", "");
    fault.resource = to_ascii_lower(matched.text("resource", ""));
    fault.user_agent = matched.text("userAgent", "");
    KSSEDR_TRY_VOID(matched.finish());
    bool const known = fault.service.empty() || fault.service == "entra" || fault.service == "keyvault" ||
                       fault.service == "arm" || fault.service == "blob" || fault.service == "graph" ||
                       fault.service == "eventgrid" || fault.service == "endpoint";
    if (!known)
        return fail(Errc::invalid_argument,
                    "'service' must be entra, keyvault, arm, blob, graph, eventgrid or endpoint");
    if (fault.after < 0 || fault.times < 0)
        return fail(Errc::invalid_argument, "'after' and 'times' of a fault must not be negative");
    if (action == nullptr) return fail(Errc::invalid_argument, "a fault must have an 'action'");
    KSSEDR_TRY(fault.action, parse_action(*action));
    return fault;
}

bool fits(std::string_view pattern, std::string_view operation) {
    if (pattern.empty()) return true;
    return pattern.ends_with('*') ? operation.starts_with(pattern.substr(0, pattern.size() - 1)) : operation == pattern;
}

}  // namespace

Result<json::array> Faults::add(json::value const& list) {
    std::vector<Fault> added;
    json::array const one{list};
    for (auto const& value : list.is_array() ? list.get_array() : one) {
        KSSEDR_TRY(auto fault, parse_fault(value));
        fault.id = next_++;
        added.push_back(std::move(fault));
    }
    json::array ids;
    for (auto& fault : added) {
        ids.push_back(fault.id);
        faults_.push_back(std::move(fault));
    }
    return ids;
}

json::array Faults::to_json() const {
    json::array out;
    for (auto const& fault : faults_)
        out.push_back(json::object{{"id", fault.id},
                                   {"service", fault.service},
                                   {"operation", fault.operation},
                                   {"resource", fault.resource},
                                   {"userAgent", fault.user_agent},
                                   {"after", fault.after},
                                   {"times", fault.times},
                                   {"seen", fault.seen},
                                   {"met", fault.met}});
    return out;
}

std::optional<FaultAction> Faults::meet(ServiceKind service, Call const& call) {
    // Every fault counts every call that fits it, so that `after` means the same whatever else was ordered.
    std::optional<FaultAction> chosen;
    for (auto& fault : faults_) {
        if (!fault.service.empty() && fault.service != to_string(service)) continue;
        if (!fits(fault.operation, call.operation)) continue;
        if (to_ascii_lower(call.resource).find(fault.resource) == std::string::npos) continue;
        if (call.request.headers.find("User-Agent").value_or("").find(fault.user_agent) == std::string_view::npos)
            continue;
        ++fault.seen;
        bool const over = fault.times != 0 && fault.met == fault.times;
        if (chosen || fault.seen <= fault.after || over) continue;
        ++fault.met;
        chosen = fault.action;
    }
    return chosen;
}

Task<void> Holds::wait(std::uint64_t call, std::string what) {
    auto const hold = holds_.emplace(holds_.end(), call, std::move(what), false,
                                     asio::steady_timer(executor_, asio::steady_timer::time_point::max()));
    struct Leave {
        std::list<Hold>& holds;
        std::list<Hold>::iterator hold;
        ~Leave() { holds.erase(hold); }
    } const leave{holds_, hold};
    while (!hold->released) {
        boost::system::error_code error;
        co_await hold->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error && !hold->released) co_return;
    }
}

json::array Holds::to_json() const {
    json::array out;
    for (auto const& hold : holds_) {
        if (!hold.released) out.push_back(json::object{{"call", hold.call}, {"what", hold.what}});
    }
    return out;
}

std::size_t Holds::release(std::optional<std::uint64_t> call) {
    std::size_t count = 0;
    for (auto& hold : holds_) {
        if (hold.released || (call && hold.call != *call)) continue;
        hold.released = true;
        hold.timer.cancel();
        ++count;
    }
    return count;
}

}  // namespace kssedr::emulator
