#include "delivery.h"

#include <fmt/format.h>

namespace kssedr::simulation {
namespace {

std::string_view type_of(EventSent::Kind kind) {
    switch (kind) {
    case EventSent::Kind::near_expiry: return "Microsoft.KeyVault.SecretNearExpiry";
    case EventSent::Kind::expired: return "Microsoft.KeyVault.SecretExpired";
    default: return "Microsoft.KeyVault.SecretNewVersionCreated";
    }
}

std::string compose(EventSent const& event, Estate const& estate, bool is_cloud_event) {
    if (event.kind == EventSent::Kind::broken) return fmt::format(R"({{"id":"{}","type":"Microsoft.KeyV)", event.id);
    auto const& ref = estate.secrets[static_cast<std::size_t>(event.secret)].ref;
    std::string_view const host = ref.vault.text;
    auto const name = host.substr(0, host.find('.'));
    auto const data = fmt::format(
        R"({{"Id":"https://{}/secrets/{}/{}","VaultName":"{}","ObjectType":"Secret","ObjectName":"{}","Version":"{}"}})",
        host, ref.name, event.version, name, ref.name, event.version);
    if (is_cloud_event)
        return fmt::format(R"({{"id":"{}","source":"/","type":"{}","specversion":"1.0","data":{}}})", event.id,
                           type_of(event.kind), data);
    return fmt::format(R"({{"id":"{}","topic":"/","eventType":"{}","dataVersion":"1","data":{}}})", event.id,
                       type_of(event.kind), data);
}

}  // namespace

std::vector<std::string> compose_messages(std::span<EventSent const> events, Estate const& estate, Chance& chance) {
    bool const is_cloud_event = chance.happens(0.5);
    std::vector<std::string> messages;
    bool may_join = false;
    for (auto const& event : events) {
        auto text = compose(event, estate, is_cloud_event);
        bool const is_broken = event.kind == EventSent::Kind::broken;
        bool const joins = may_join && !is_broken && chance.happens(0.7);
        if (joins) {
            messages.back().back() = ',';
            messages.back() += text + ']';
            continue;
        }
        may_join = !is_broken && (events.size() > 1 || chance.happens(0.5));
        messages.push_back(may_join ? '[' + text + ']' : std::move(text));
    }
    return messages;
}

}  // namespace kssedr::simulation
