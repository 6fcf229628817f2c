#include "kinds.h"

#include "base/check.h"
#include "rotation/cloud.h"

namespace kssedr::simulation {
namespace {

constexpr std::string_view group = "/subscriptions/s1/resourceGroups/rg/providers/";

std::string in_group(std::string_view rest) {
    return std::string(group) + std::string(rest);
}

std::vector<Wire> make_wires() {
    std::vector<std::string> const first_and_second{"primaryKey", "secondaryKey"};
    std::string const storage =
        "DefaultEndpointsProtocol=https;AccountName={};EndpointSuffix=core.windows.net;AccountKey=";
    return {
        {.entry = "storage-account-key",
         .id = in_group("Microsoft.Storage/storageAccounts/{}"),
         .asks_member = "keyName",
         .asks = {"key1", "key2"},
         .shows_keys = true,
         .key_bytes = 64,
         .provider = 0,
         .forms = {{"", ""},
                   {storage, ""},
                   {"{\"nested\":[1, {\"connection\": \"" + storage, "\"} ],\n\t\"port\": 5.0e1}\n"}}},
        {.entry = "cosmosdb-key",
         .id = in_group("Microsoft.DocumentDB/databaseAccounts/{}"),
         .asks_member = "keyKind",
         .asks = {"primary", "secondary", "primaryReadonly", "secondaryReadonly"},
         .members = {"primaryMasterKey", "secondaryMasterKey", "primaryReadonlyMasterKey",
                     "secondaryReadonlyMasterKey"},
         .goes_on = GoesOn::by_status,
         .key_bytes = 64,
         .provider = 1,
         .forms = {{"", ""}, {"AccountEndpoint=https://{}.documents.azure.com:443/;AccountKey=", ";"}}},
        {.entry = "redis-key",
         .id = in_group("Microsoft.Cache/redis/{}"),
         .asks_member = "keyType",
         .asks = {"Primary", "Secondary"},
         .members = first_and_second,
         .shows_keys = true,
         .provider = 2,
         .forms = {{"", ""}, {"{}.redis.cache.windows.net:6380,password=", ",ssl=True,abortConnect=False"}}},
        {.entry = "redisenterprise-key",
         .id = in_group("Microsoft.Cache/redisEnterprise/{}/databases/default"),
         .asks_member = "keyType",
         .asks = {"Primary", "Secondary"},
         .members = first_and_second,
         .goes_on = GoesOn::by_status,
         .provider = 2,
         .forms = {{"", ""}, {"{}.westeurope.redis.azure.net:10000,password=", ",ssl=True"}}},
        {.entry = "servicebus-namespace-sas",
         .id = in_group("Microsoft.ServiceBus/namespaces/{}/authorizationRules/send"),
         .regenerate = "regenerateKeys",
         .asks_member = "keyType",
         .asks = {"PrimaryKey", "SecondaryKey"},
         .members = first_and_second,
         .shows_keys = true,
         .provider = 3,
         .forms = {{"", ""},
                   {"Endpoint=sb://{}.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=", ""}}},
        {.entry = "signalr-key",
         .id = in_group("Microsoft.SignalRService/signalR/{}"),
         .asks_member = "keyType",
         .asks = {"Primary", "Secondary"},
         .members = first_and_second,
         .goes_on = GoesOn::by_location,
         .provider = 4,
         .forms = {{"Endpoint=https://{}.service.signalr.net;AccessKey=", ";Version=1.0;"}}},
        {.entry = "iothub-policy-key",
         .id = in_group("Microsoft.Devices/IotHubs/{}/IotHubKeys/service"),
         .list = "listkeys",
         .regenerate = "",
         .members = first_and_second,
         .goes_on = GoesOn::by_status,
         .provider = 5,
         .forms = {{"HostName={}.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=", ""}}},
    };
}

}  // namespace

std::span<Wire const> wires() {
    static std::vector<Wire> const all = make_wires();
    return all;
}

std::vector<OwnerKind> kinds_of(rotation::Catalogue const& catalogue) {
    std::vector<OwnerKind> kinds;
    for (auto const& wire : wires()) {
        auto const* entry = catalogue.find(wire.entry);
        KSSEDR_CHECK(entry != nullptr, "the catalogue has no entry of a simulated kind");
        OwnerKind kind;
        kind.name = wire.entry;
        kind.id = wire.id;
        for (auto const& slot : entry->slots) kind.slots.push_back(slot.name);
        kind.key_bytes = wire.key_bytes;
        kind.provider = wire.provider;
        kind.may_tell_made = wire.members.empty() || entry->is_made_in_resource;
        kind.is_long_running = wire.goes_on != GoesOn::not_at_all;
        kind.shape = [entry](rotation::ArmId const& id) {
            return rotation::shape_of(*entry, id, *rotation::find_cloud("public"));
        };
        kind.forms = wire.forms;
        kinds.push_back(std::move(kind));
    }
    return kinds;
}

}  // namespace kssedr::simulation
