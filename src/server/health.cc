#include "server/health.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace kssedr::server {
namespace {

namespace json = boost::json;

bool is_ready(SourceStatus const& source) {
    return source.health.state == ports::SourceState::ready;
}

bool is_ready(VaultStatus const& vault) {
    return vault.part.is_ready;
}

bool has_ready(auto const& parts) {
    return parts.empty() || std::ranges::any_of(parts, [](auto const& one) { return is_ready(one); });
}

json::object describe(std::string_view part, std::string_view name, PartStatus const& status) {
    json::object described{{"part", part}};
    if (!name.empty()) described["name"] = name;
    described["ready"] = status.is_ready;
    if (!status.is_ready) described["reason"] = status.reason.empty() ? "not known yet" : status.reason;
    if (status.since) described["since"] = format_rfc3339(*status.since);
    return described;
}

}  // namespace

bool is_ready(StatusSnapshot const& status) {
    return !status.is_stopping && status.store.is_ready && status.identity.is_ready && has_ready(status.sources) &&
           has_ready(status.vaults);
}

std::string format_readiness(StatusSnapshot const& status) {
    json::array wrong, right;
    auto const add = [&](std::string_view part, std::string_view name, PartStatus const& of) {
        (of.is_ready ? right : wrong).push_back(describe(part, name, of));
    };
    if (status.is_stopping) add("process", {}, {false, "it is stopping", {}});
    add("store", {}, status.store);
    add("identity", {}, status.identity);
    for (auto const& source : status.sources)
        add("source", source.name, {is_ready(source), source.health.reason, source.health.since});
    for (auto const& vault : status.vaults) add("vault", vault.host, vault.part);
    for (auto& part : right) wrong.push_back(std::move(part));
    return json::serialize(json::object{{"ready", is_ready(status)}, {"parts", std::move(wrong)}});
}

}  // namespace kssedr::server
