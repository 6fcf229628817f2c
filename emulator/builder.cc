#include "emulator/builder.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/encoding.h"
#include "emulator/app_passwords.h"
#include "emulator/client_assertion.h"
#include "emulator/keyed_resources.h"
#include "emulator/storage_keys.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace kssedr::emulator {
namespace {

// Of vaults and storage accounts alike: 3 to 24 characters.
bool is_resource_name(std::string_view name) {
    return name.size() >= 3 && name.size() <= 24 &&
           std::ranges::all_of(name, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-'; });
}

Result<std::vector<Denial>> parse_denials(json::value const* value) {
    std::vector<Denial> denials;
    if (value == nullptr) return denials;
    if (!value->is_array()) return fail(Errc::invalid_argument, "'deny' must be a list");
    for (auto const& one : value->get_array()) {
        if (one.is_string()) {
            denials.push_back({std::string(one.get_string()), {}});
            continue;
        }
        Fields fields(one, "an entry of 'deny'");
        denials.push_back({fields.text("operation"), fields.text("resource", "")});
        KSSEDR_TRY_VOID(fields.finish());
    }
    return denials;
}

}  // namespace

Result<json::object> Builder::put(std::string_view kind, json::value const& value) {
    if (kind == "tenants") return put_tenant(value);
    if (kind == "apps") return put_app(value);
    if (kind == "subscriptions") return put_subscription(value);
    if (kind == "resource-groups") return put_group(value);
    if (kind == "vaults") return put_vault(value);
    if (kind == "accounts") return put_account(value);
    if (kind == "resources") return put_resource(value);
    if (kind == "secrets") return put_secret(value);
    if (kind == "locks") return put_lock(value);
    if (kind == "topic-subscriptions") return put_topic_subscription(value);
    return fail(Errc::not_found, "there is no kind of thing called '" + escape_for_display(kind) + "'");
}

Result<void> Builder::plant(json::value const& seed) {
    Fields fields(seed, "the seed");
    constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kinds = {
        {{"tenants", "tenants"},
         {"apps", "apps"},
         {"subscriptions", "subscriptions"},
         {"resourceGroups", "resource-groups"},
         {"vaults", "vaults"},
         {"accounts", "accounts"},
         {"resources", "resources"},
         {"secrets", "secrets"},
         {"locks", "locks"},
         {"topicSubscriptions", "topic-subscriptions"}}};
    for (auto const& [name, kind] : kinds) {
        auto const* list = fields.raw(name);
        if (list == nullptr) continue;
        if (!list->is_array())
            return fail(Errc::invalid_argument, "'" + std::string(name) + "' of the seed must be a list");
        for (auto const& one : list->get_array()) {
            auto const made = put(kind, one);
            if (!made) return fail(Error(made.error()).during("planting " + std::string(name)));
        }
    }
    if (auto const* list = fields.raw("eventSubscriptions"); list != nullptr && list->is_array()) {
        for (auto const& one : list->get_array()) {
            KSSEDR_TRY(auto subscription, parse_event_subscription(one));
            events_.subscribe(std::move(subscription));
        }
    }
    return fields.finish();
}

void Builder::plant_default() {
    json::object const seed{
        {"tenants", json::array{json::object{{"domain", "contoso.onmicrosoft.com"}}}},
        {"apps", json::array{json::object{{"name", "kssedr"}}}},
        {"subscriptions", json::array{json::object{{"name", "Local"}}}},
        {"resourceGroups", json::array{json::object{{"name", "demo"}}}},
        {"vaults", json::array{json::object{{"name", "demo"}}}},
        {"accounts", json::array{json::object{{"name", "demostorage"}}}},
    };
    auto const planted = plant(seed);
    KSSEDR_CHECK(planted.has_value(), "the default world is a valid seed");
}

Result<std::string> Builder::known_tenant(std::string const& named) const {
    auto const* tenant = ground_.world.find_tenant(named.empty() ? ground_.world.first_tenant : named);
    if (tenant == nullptr)
        return fail(Errc::invalid_argument, "there is no tenant '" + escape_for_display(named) + "'");
    return tenant->id;
}

Result<std::string> Builder::known_subscription(std::string const& named) const {
    auto const found = ground_.world.subscriptions.find(named.empty() ? ground_.world.first_subscription : named);
    if (found == ground_.world.subscriptions.end())
        return fail(Errc::invalid_argument, "there is no subscription '" + escape_for_display(named) + "'");
    return found->second.id;
}

Result<json::object> Builder::put_tenant(json::value const& value) {
    Fields fields(value, "a tenant");
    Tenant tenant;
    tenant.id = fields.text("id", ground_.random.uuid());
    tenant.domain = fields.text("domain", "contoso.onmicrosoft.com");
    KSSEDR_TRY_VOID(fields.finish());
    json::object made{{"id", tenant.id}, {"domain", tenant.domain}};
    auto const id = tenant.id;
    if (ground_.world.first_tenant.empty()) ground_.world.first_tenant = id;
    ground_.world.tenants[id] = std::move(tenant);
    return made;
}

Result<json::object> Builder::put_app(json::value const& value) {
    Fields fields(value, "an app");
    App app;
    app.client_id = fields.text("clientId", ground_.random.uuid());
    auto const known = ground_.world.apps.find(app.client_id);
    bool const is_known = known != ground_.world.apps.end();
    app.object_id = fields.text("objectId", is_known ? known->second.object_id : ground_.random.uuid());
    auto const tenant = fields.text("tenant", is_known ? known->second.tenant : "");
    app.name = fields.text("name", is_known ? known->second.name : "app");
    app.application_id =
        fields.text("applicationObjectId", is_known ? known->second.application_id : ground_.random.uuid());
    app.sign_in_audience = fields.text("signInAudience", app.sign_in_audience);
    app.propagation = fields.duration("propagationDelay", is_known ? known->second.propagation : Duration{});
    app.listing_delay = fields.duration("listingDelay", is_known ? known->second.listing_delay : Duration{});
    app.secrets = fields.texts("clientSecrets");
    auto const* passwords = fields.raw("passwordCredentials");
    app.certificates = fields.texts("certificates");
    auto const* denials = fields.raw("deny");
    app.identifier_uris = fields.texts("identifierUris");
    app.roles = fields.texts("roles");
    auto const version = fields.number("tokenVersion", 1);
    KSSEDR_TRY_VOID(fields.finish());
    KSSEDR_TRY(app.tenant, known_tenant(tenant));
    KSSEDR_TRY(app.denials, parse_denials(denials));
    if (version != 1 && version != 2) return fail(Errc::invalid_argument, "'tokenVersion' must be 1 or 2");
    app.token_version = static_cast<int>(version);
    if (!std::ranges::all_of(app.certificates, is_certificate))
        return fail(Errc::invalid_argument, "'certificates' must be certificates in PEM form");
    if (app.certificates.empty() && is_known) app.certificates = known->second.certificates;
    KSSEDR_TRY_VOID(
        complete_passwords(app, passwords, is_known ? &known->second : nullptr, ground_.random, ground_.clock.now()));
    json::object made{{"clientId", app.client_id},
                      {"objectId", app.object_id},
                      {"applicationObjectId", app.application_id},
                      {"tenant", app.tenant},
                      {"clientSecret", app.secrets.front()}};
    auto const id = app.client_id;
    if (ground_.world.first_app.empty()) ground_.world.first_app = id;
    ground_.world.apps[id] = std::move(app);
    return made;
}

Result<json::object> Builder::put_subscription(json::value const& value) {
    Fields fields(value, "a subscription");
    AzureSubscription subscription;
    subscription.id = fields.text("id", ground_.random.uuid());
    subscription.name = fields.text("name", "Local");
    auto const tenant = fields.text("tenant", "");
    KSSEDR_TRY_VOID(fields.finish());
    KSSEDR_TRY(subscription.tenant, known_tenant(tenant));
    json::object made{{"id", subscription.id}, {"tenant", subscription.tenant}};
    auto const id = subscription.id;
    if (ground_.world.first_subscription.empty()) ground_.world.first_subscription = id;
    ground_.world.subscriptions[id] = std::move(subscription);
    return made;
}

Result<json::object> Builder::put_group(json::value const& value) {
    Fields fields(value, "a resource group");
    ResourceGroup group;
    auto const subscription = fields.text("subscription", "");
    group.name = fields.text("name");
    group.location = fields.text("location", "westeurope");
    KSSEDR_TRY_VOID(fields.finish());
    KSSEDR_TRY(group.subscription, known_subscription(subscription));
    json::object made{{"id", "/subscriptions/" + group.subscription + "/resourceGroups/" + group.name}};
    if (ground_.world.find_group(group.subscription, group.name) == nullptr)
        ground_.world.groups.push_back(std::move(group));
    return made;
}

Result<json::object> Builder::put_topic_subscription(json::value const& value) {
    Fields fields(value, "a subscription to a topic");
    TopicSubscription made;
    made.event_grid = fields.text("namespace");
    made.topic = fields.text("topic");
    made.name = fields.text("name");
    made.key = fields.text("key", "");
    made.lock = fields.duration("lock", made.lock);
    made.deliveries_max = static_cast<int>(fields.number("deliveriesMax", made.deliveries_max));
    KSSEDR_TRY_VOID(fields.finish());
    if (made.key.empty()) made.key = format_base64(ground_.random.uuid());
    json::object told{{"host", made.event_grid + "." + cloud_.event_grid}, {"key", made.key}};
    ground_.world.topic_subscriptions.push_back(std::move(made));
    return told;
}

template <class Map>
Result<ResourcePlace> Builder::read_place(Fields& fields, Map const& known) {
    ResourcePlace place;
    place.name = fields.text("name");
    auto const there = known.find(place.name);
    auto const former = there == known.end() ? ResourcePlace{{}, {}, {}, "westeurope"} : there->second.place;
    place.subscription = fields.text("subscription", former.subscription);
    place.group = fields.text("resourceGroup", former.group);
    place.location = fields.text("location", former.location);
    KSSEDR_TRY_VOID(fields.finish());
    return complete_place(std::move(place));
}

Result<ResourcePlace> Builder::complete_place(ResourcePlace place) const {
    if (!is_resource_name(place.name))
        return fail(Errc::invalid_argument, "'" + escape_for_display(place.name) + "' is not a valid resource name");
    auto const& world = ground_.world;
    KSSEDR_TRY(place.subscription, known_subscription(place.subscription));
    if (place.group.empty()) {
        auto const first = std::ranges::find_if(world.groups, [&](ResourceGroup const& group) {
            return equals_ignore_case(group.subscription, place.subscription);
        });
        if (first != world.groups.end()) place.group = first->name;
    }
    if (world.find_group(place.subscription, place.group) == nullptr)
        return fail(Errc::invalid_argument, "there is no resource group '" + escape_for_display(place.group) + "'");
    return place;
}

Result<json::object> Builder::put_vault(json::value const& value) {
    Fields fields(value, "a vault");
    auto const former = ground_.world.vaults.find(fields.text("name", ""));
    auto const tenant = fields.text("tenant", former == ground_.world.vaults.end() ? "" : former->second.tenant);
    auto const days = fields.number("recoverableDays", 90);
    bool const old_versions = fields.flag("eventsForOldVersions", false);
    auto const tags = fields.text_map("tags");
    KSSEDR_TRY(auto place, read_place(fields, ground_.world.vaults));
    KSSEDR_TRY(auto tenant_id, known_tenant(tenant));
    if (days < 7 || days > 90) return fail(Errc::invalid_argument, "'recoverableDays' must be 7 to 90");
    auto& vault = ground_.world.vaults[place.name];
    vault.place = std::move(place);
    vault.tenant = std::move(tenant_id);
    vault.secrets.recoverable_days = static_cast<int>(days);
    vault.events_for_old_versions = old_versions;
    vault.tags = tags;
    return json::object{{"id", format_resource_id(vault.place, vault_type)},
                        {"vaultUri", "https://" + cloud_.vault_host(vault.place.name) + "/"}};
}

Result<json::object> Builder::put_account(json::value const& value) {
    Fields fields(value, "a storage account");
    auto const propagation = fields.duration("propagationDelay", Duration{});
    bool const shared_key = fields.flag("allowSharedKeyAccess", true);
    bool const key_times = fields.flag("keyTimes", true);
    auto const created = fields.time("created").value_or(ground_.clock.now());
    auto const tags = fields.text_map("tags");
    KSSEDR_TRY(auto place, read_place(fields, ground_.world.accounts));
    auto& account = ground_.world.accounts[place.name];
    account.place = std::move(place);
    account.propagation = propagation;
    account.shared_key_allowed = shared_key;
    account.tells_key_times = key_times;
    account.tags = tags;
    if (account.keys.empty()) {
        account.keys = make_account_keys(created, ground_.random);
        account.created = account.keys.front().creation_time;
    }
    return json::object{{"id", format_resource_id(account.place, account_type)},
                        {"blobEndpoint", "https://" + cloud_.blob_host(account.place.name) + "/"}};
}

Result<json::object> Builder::put_resource(json::value const& value) {
    Fields fields(value, "a resource");
    auto const id = fields.text("id");
    auto const takes = fields.duration("operationTakes", Duration{3'000});
    auto const created = fields.time("created").value_or(ground_.clock.now());
    auto const location = fields.text("location", "westeurope");
    KSSEDR_TRY_VOID(fields.finish());
    auto const path = parse_keyed_path(split_path(id));
    if (!path || !path->rest.empty())
        return fail(Errc::invalid_argument,
                    "'id' must be that of a resource with keys; those that are known are in docs/emulator.md");
    auto const segments = split_path(id);
    if (ground_.world.find_group(segments[1], segments[3]) == nullptr)
        return fail(Errc::invalid_argument, "there is no resource group '" + escape_for_display(segments[3]) + "'");
    auto& resources = ground_.world.resources;
    if (!resources.contains(path->id)) resources.emplace(path->id, make_resource(*path, created, ground_.random));
    auto& resource = resources.find(path->id)->second;
    resource.location = location;
    resource.operation_takes = takes;
    return json::object{{"id", resource.id}};
}

// {"account": "demostorage", "key": "key1", "form": "connectionString"}: what a person would have put there by hand.
Result<std::string> Builder::read_key_value(json::value const& value) const {
    Fields fields(value, "'valueFrom'");
    auto const name = fields.text("account");
    auto const slot = fields.text("key", "key1");
    auto const form = fields.text("form", "raw");
    KSSEDR_TRY_VOID(fields.finish());
    auto const account = ground_.world.accounts.find(name);
    if (account == ground_.world.accounts.end())
        return fail(Errc::invalid_argument, "there is no storage account '" + escape_for_display(name) + "'");
    auto const key = std::ranges::find_if(account->second.keys,
                                          [&](AccountKey const& one) { return equals_ignore_case(one.name, slot); });
    if (key == account->second.keys.end())
        return fail(Errc::invalid_argument, "a storage account has no key '" + escape_for_display(slot) + "'");
    if (form == "raw") return key->value;
    if (form == "connectionString")
        return "DefaultEndpointsProtocol=https;AccountName=" + account->second.place.name +
               ";AccountKey=" + key->value + ";EndpointSuffix=" + cloud_.storage_suffix;
    return fail(Errc::invalid_argument, "'form' must be raw or connectionString");
}

Result<json::object> Builder::put_secret(json::value const& value) {
    Fields fields(value, "a secret");
    auto const vault_name = fields.text("vault");
    auto const name = fields.text("name");
    auto const* value_from = fields.raw("valueFrom");
    SecretChange change;
    if (fields.has("value")) change.value = fields.text("value", "");
    if (fields.has("contentType")) change.content_type = fields.text("contentType", "");
    if (fields.has("tags")) change.tags = fields.text_map("tags");
    if (fields.has("enabled")) change.enabled = fields.flag("enabled", true);
    change.managed = fields.flag("managed", false);
    auto const to_seconds = [](std::optional<TimePoint> at) -> std::optional<std::int64_t> {
        if (!at) return std::nullopt;
        return std::chrono::floor<std::chrono::seconds>(*at).time_since_epoch().count();
    };
    change.nbf = to_seconds(fields.time("nbf"));
    change.exp = to_seconds(fields.time("exp"));
    auto const created = fields.time("created").value_or(ground_.clock.now());
    bool const announce = fields.flag("announce", true);
    KSSEDR_TRY_VOID(fields.finish());
    auto const vault = ground_.world.vaults.find(vault_name);
    if (vault == ground_.world.vaults.end())
        return fail(Errc::invalid_argument, "there is no vault '" + escape_for_display(vault_name) + "'");
    if (value_from != nullptr) {
        KSSEDR_TRY(auto taken, read_key_value(*value_from));
        change.value = std::move(taken);
    }
    auto const host = cloud_.vault_host(vault->second.place.name);
    auto const secret = vault->second.secrets.set(name, std::move(change), host, created, ground_.random);
    if (!secret) return fail(Errc::invalid_argument, secret.error().message);
    if (announce) events_.secret_set(vault->second, **secret);
    return json::object{{"id", "https://" + host + "/secrets/" + (*secret)->name + "/" + (*secret)->current().version}};
}

Result<json::object> Builder::put_lock(json::value const& value) {
    Fields fields(value, "a lock");
    auto scope = fields.text("scope");
    KSSEDR_TRY_VOID(fields.finish());
    while (scope.ends_with('/')) scope.pop_back();
    if (!scope.starts_with("/subscriptions/"))
        return fail(Errc::invalid_argument, "'scope' of a lock must begin with /subscriptions/");
    std::erase_if(ground_.world.locks, [&](ReadOnlyLock const& one) { return equals_ignore_case(one.scope, scope); });
    ground_.world.locks.push_back({scope});
    return json::object{{"scope", scope}};
}

Result<EventSubscription> Builder::parse_event_subscription(json::value const& value) const {
    Fields fields(value, "an event subscription");
    EventSubscription subscription;
    subscription.name = fields.text("name");
    subscription.vault = fields.text("vault", "");
    auto const endpoint = fields.text("endpoint");
    auto const schema = fields.text("schema", "CloudEventSchemaV1_0");
    subscription.types = fields.texts("types");
    auto const tenant = fields.text("tenant", "");
    subscription.audience = fields.text("audience", "");
    (void)fields.flag("validate", false);
    KSSEDR_TRY_VOID(fields.finish());
    KSSEDR_TRY(subscription.endpoint, parse_endpoint(endpoint));
    KSSEDR_TRY(subscription.tenant, known_tenant(tenant));
    if (schema != "CloudEventSchemaV1_0" && schema != "EventGridSchema")
        return fail(Errc::invalid_argument, "'schema' must be CloudEventSchemaV1_0 or EventGridSchema");
    subscription.schema = schema == "EventGridSchema" ? EventSchema::event_grid : EventSchema::cloud_events;
    bool const name_fits = std::ranges::all_of(
        subscription.name, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-'; });
    if (!name_fits)
        return fail(Errc::invalid_argument, "'name' of an event subscription holds letters, digits and hyphens");
    return subscription;
}

}  // namespace kssedr::emulator
