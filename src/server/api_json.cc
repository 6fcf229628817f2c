#include "server/api_json.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "formats/json_cursor.h"
#include "server/health.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace kssedr::server {
namespace {

namespace json = boost::json;

std::string_view word(ports::SourceState state) {
    switch (state) {
    case ports::SourceState::starting: return "starting";
    case ports::SourceState::ready: return "ready";
    case ports::SourceState::retrying: return "retrying";
    case ports::SourceState::unusable: break;
    }
    return "unusable";
}

json::value time_or_null(std::optional<TimePoint> at) {
    return at ? json::value(format_rfc3339(*at)) : json::value(nullptr);
}

json::object describe(PartStatus const& part) {
    json::object described{{"ready", part.is_ready}};
    if (!part.is_ready) described["reason"] = part.reason;
    if (part.since) described["since"] = format_rfc3339(*part.since);
    return described;
}

json::object describe(SourceStatus const& source) {
    json::object described{{"name", source.name}, {"state", word(source.health.state)}};
    if (!source.health.reason.empty()) described["reason"] = source.health.reason;
    described["since"] = format_rfc3339(source.health.since);
    if (source.health.backlog) described["backlog"] = *source.health.backlog;
    return described;
}

json::object describe(SweepStatus const& sweep) {
    auto const& summary = sweep.summary;
    return {{"ended", format_rfc3339(sweep.ended)},
            {"due", summary.due},
            {"done", summary.done},
            {"deferred", summary.deferred},
            {"refused", summary.refused},
            {"failed", summary.failed},
            {"overdue", summary.overdue},
            {"unreadable", summary.unreadable()}};
}

json::array soonest(SweepStatus const& sweep) {
    json::array list;
    for (auto const& [vault, secret, expires] : sweep.summary.soonest)
        list.push_back(json::object{{"vault", vault}, {"secret", secret}, {"expires", format_rfc3339(expires)}});
    return list;
}

// The outcome is JSON of our own; where somebody changed it in the store it is shown, and breaks nothing.
json::value outcome_of(std::string const& text) {
    boost::system::error_code error;
    auto outcome = json::parse(text, error);
    return error ? json::value(text) : outcome;
}

json::object describe(ports::ParkedEvent const& entry) {
    json::object described{
        {"id", entry.id}, {"outcome", entry.outcome}, {"code", entry.code}, {"reason", entry.reason}};
    if (!entry.vault.empty()) described["vault"] = entry.vault;
    if (!entry.secret.empty()) described["secret"] = entry.secret;
    described["firstAt"] = format_rfc3339(entry.first_at);
    described["lastAt"] = format_rfc3339(entry.last_at);
    described["count"] = entry.count;
    described["source"] = entry.source;
    described["requeueable"] = is_whole(entry);
    return described;
}

std::string format_page(json::array entries, std::string_view next) {
    json::object page{{"entries", std::move(entries)}};
    page["next"] = next.empty() ? json::value(nullptr) : json::value(next);
    return json::serialize(page);
}

Failure wrong(std::string why) {
    return fail(Errc::invalid_argument, std::move(why));
}

}  // namespace

std::string format_status(StatusSnapshot const& status, std::string_view version, TimePoint now,
                          std::optional<std::uint64_t> inbox, std::optional<std::uint64_t> parked) {
    json::object body{{"version", version}, {"now", format_rfc3339(now)}, {"started", format_rfc3339(status.started)}};
    body["mode"] = status.mode;
    body["ready"] = is_ready(status);
    body["stopping"] = status.is_stopping;
    body["store"] = describe(status.store);
    body["identity"] = describe(status.identity);
    json::array sources, vaults;
    for (auto const& source : status.sources) sources.push_back(describe(source));
    for (auto const& vault : status.vaults) {
        auto described = describe(vault.part);
        described["host"] = vault.host;
        vaults.push_back(std::move(described));
    }
    body["sources"] = std::move(sources);
    body["vaults"] = std::move(vaults);
    body["sweep"] = status.last_sweep ? json::value(describe(*status.last_sweep)) : json::value(nullptr);
    body["nextSweep"] = time_or_null(status.next_sweep);
    body["soonest"] = status.last_sweep ? soonest(*status.last_sweep) : json::array();
    body["inFlight"] = status.in_flight;
    body["leases"] = status.leases ? json::value(*status.leases) : json::value(nullptr);
    body["inbox"] = inbox ? json::value(*inbox) : json::value(nullptr);
    body["parked"] = parked ? json::value(*parked) : json::value(nullptr);
    return json::serialize(body);
}

std::string format_history(std::vector<ports::HistoryEntry> const& entries, std::string_view next) {
    json::array list;
    for (auto const& entry : entries)
        list.push_back(json::object{{"number", entry.number},
                                    {"hash", entry.hash},
                                    {"at", format_rfc3339(entry.line.at)},
                                    {"outcome", outcome_of(entry.line.text)}});
    return format_page(std::move(list), next);
}

std::string format_parked_list(std::vector<ports::ParkedEvent> const& entries, std::string_view next) {
    json::array list;
    for (auto const& entry : entries) list.push_back(describe(entry));
    return format_page(std::move(list), next);
}

std::string format_parked(ports::ParkedEvent const& entry) {
    auto described = describe(entry);
    if (!entry.event.empty()) described[is_whole(entry) ? "event" : "head"] = entry.event;
    if (!entry.sha256.empty()) described["sha256"] = entry.sha256;
    return json::serialize(described);
}

bool is_whole(ports::ParkedEvent const& entry) {
    return !entry.event.empty() && format_hex(sha256(entry.event)) == entry.sha256;
}

Result<RotateRequest> parse_rotate_request(std::string_view body, std::string_view vault_suffix) {
    constexpr std::size_t max_size = std::size_t{4} << 10U;
    RotateRequest request;
    std::string url;
    formats::JsonCursor cursor(body);
    if (body.size() > max_size || cursor.kind() != formats::JsonKind::object)
        return wrong(R"(the body is to be an object such as {"secret":"https://shop.vault.azure.net/secrets/web"})");
    cursor.enter_object();
    while (auto const name = cursor.next_member()) {
        auto const member = name->text();
        if (member == "secret") {
            auto const text = cursor.kind() == formats::JsonKind::string ? cursor.take_string() : std::nullopt;
            if (!text) return wrong("secret is to be a URL");
            url = text->text();
        } else if (member == "force" || member == "dryRun") {
            auto const value = cursor.skip();
            if (value != "true" && value != "false") return wrong(member + " is to be true or false");
            (member == "force" ? request.force : request.dry_run) = value == "true";
        } else {
            return wrong('"' + escape_for_display(member) + "\" is not known; there are secret, force and dryRun");
        }
    }
    auto const whole = cursor.finish();
    if (!whole) return fail(Error(whole.error()).during("the body"));
    auto parsed = rotation::parse_secret_url(url, vault_suffix);
    if (!parsed) return fail(std::move(parsed).error().during("secret"));
    if (!parsed->version.empty()) return wrong("secret names a version; the current one is rotated, so leave it out");
    request.secret = std::move(parsed->secret);
    return request;
}

}  // namespace kssedr::server
