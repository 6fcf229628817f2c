/// Builder: makes the things of the world from JSON, for seed files and for the admin interface alike.
///
/// Each `put_x` takes one object, checks it whole before anything is changed, and returns what a reader has to know of
/// the result (ids that were made up). `invalid_argument` says what is wrong.

#pragma once

#include "emulator/event_grid.h"
#include "emulator/service.h"

namespace kssedr::emulator {

class Builder {
public:
    /// `cloud` is how vaults are called where a request does not say.
    Builder(Ground ground, EventGrid& events, CloudNames cloud)
        : ground_(ground), events_(events), cloud_(std::move(cloud)) {}

    /// Tells the kinds apart: `tenants`, `apps`, `subscriptions`, `resource-groups`, `vaults`, `accounts`,
    /// `resources`, `secrets`, `locks`, `topic-subscriptions`. `not_found` for another word.
    [[nodiscard]] Result<json::object> put(std::string_view kind, json::value const& value);
    /// A whole seed: an object with a list for each kind (`resourceGroups` and `eventSubscriptions` in this spelling).
    [[nodiscard]] Result<void> plant(json::value const& seed);
    /// One tenant, app, subscription, group, vault `demo`, account `demostorage`.
    void plant_default();

    [[nodiscard]] Result<EventSubscription> parse_event_subscription(json::value const& value) const;

private:
    Result<json::object> put_tenant(json::value const& value);
    Result<json::object> put_app(json::value const& value);
    Result<json::object> put_subscription(json::value const& value);
    Result<json::object> put_group(json::value const& value);
    Result<json::object> put_vault(json::value const& value);
    Result<json::object> put_account(json::value const& value);
    Result<json::object> put_resource(json::value const& value);
    Result<json::object> put_secret(json::value const& value);
    Result<json::object> put_lock(json::value const& value);
    Result<json::object> put_topic_subscription(json::value const& value);
    /// What is left out is taken from the resource itself where there is one of that name in `known`.
    template <class Map>
    Result<ResourcePlace> read_place(Fields& fields, Map const& known);
    Result<ResourcePlace> complete_place(ResourcePlace place) const;
    Result<std::string> read_key_value(json::value const& value) const;
    Result<std::string> known_tenant(std::string const& named) const;
    Result<std::string> known_subscription(std::string const& named) const;

    Ground ground_;
    EventGrid& events_;
    CloudNames cloud_;
};

}  // namespace kssedr::emulator
