#include "emulator/key_services.h"

namespace kssedr::emulator {
namespace {

constexpr std::string_view upper = "Primary|Secondary";
constexpr std::string_view lower = "primary|secondary";
constexpr std::string_view numbered = "key1|key2";

constexpr std::string_view by_key_type = R"({"keyType":"{slot}"})";
constexpr std::string_view by_key_name = R"({"keyName":"{slot}"})";

constexpr std::string_view two_keys = R"({"primaryKey":"{key1}","secondaryKey":"{key2}"})";
constexpr std::string_view key1_key2 = R"({"key1":"{key1}","key2":"{key2}"})";

constexpr std::string_view sas_of_namespace =
    R"({"primaryConnectionString":"Endpoint=sb://{1}.servicebus.windows.net/;SharedAccessKeyName={name};)"
    R"(SharedAccessKey={key1}","secondaryConnectionString":"Endpoint=sb://{1}.servicebus.windows.net/;)"
    R"(SharedAccessKeyName={name};SharedAccessKey={key2}","primaryKey":"{key1}","secondaryKey":"{key2}",)"
    R"("keyName":"{name}"})";
constexpr std::string_view sas_of_entity =
    R"({"primaryConnectionString":"Endpoint=sb://{1}.servicebus.windows.net/;SharedAccessKeyName={name};)"
    R"(SharedAccessKey={key1};EntityPath={2}","secondaryConnectionString":"Endpoint=sb://{1}.servicebus.windows.net/;)"
    R"(SharedAccessKeyName={name};SharedAccessKey={key2};EntityPath={2}","primaryKey":"{key1}",)"
    R"("secondaryKey":"{key2}","keyName":"{name}"})";

constexpr KeyService make_sas(std::string_view type, std::string_view versions, bool of_entity) {
    auto const shape = of_entity ? sas_of_entity : sas_of_namespace;
    return {.type = type,
            .versions = versions,
            .list = "listKeys",
            .regenerate = "POST regenerateKeys",
            .body = by_key_type,
            .slots = "PrimaryKey|SecondaryKey",
            .listing = shape,
            .answer = as_listed,
            .key = "{base64:32}",
            .chosen = "key"};
}

constexpr KeyService make_notification_sas(std::string_view type, bool of_entity) {
    auto service = make_sas(type, "2023-09-01", of_entity);
    service.body = R"({"policyKey":"{slot}"})";
    service.chosen = {};
    return service;
}

constexpr KeyService make_event_grid(std::string_view type, std::string_view goes_on) {
    return {.type = type,
            .versions = "2025-02-15",
            .list = "listKeys",
            .regenerate = "POST regenerateKey",
            .body = by_key_name,
            .slots = numbered,
            .listing = key1_key2,
            .answer = as_listed,
            .key = "{base64:32}",
            .goes_on = goes_on};
}

constexpr KeyService make_signalr(std::string_view type, std::string_view listing) {
    return {.type = type,
            .versions = "2024-03-01",
            .list = "listKeys",
            .regenerate = "POST regenerateKey",
            .body = by_key_type,
            .slots = upper,
            .listing = listing,
            .answer = as_listed,
            .key = "{base64:32}",
            .goes_on = "Accepted"};
}

constexpr KeyService make_api_management(std::string_view type, std::string_view listing, std::string_view key) {
    return {.type = type,
            .versions = "2024-05-01",
            .list = "listSecrets",
            .regenerate = "POST {slot}",
            .body = {},
            .slots = "regeneratePrimaryKey|regenerateSecondaryKey",
            .listing = listing,
            .answer = {},
            .key = key,
            .status = 204};
}

constexpr KeyService make_integration_runtime(std::string_view type, std::string_view version) {
    constexpr std::string_view listing = R"({"authKey1":"{key1}","authKey2":"{key2}"})";
    return {.type = type,
            .versions = version,
            .list = "listAuthKeys",
            .regenerate = "POST regenerateAuthKey",
            .body = by_key_name,
            .slots = "authKey1|authKey2",
            .listing = listing,
            .answer = as_listed,
            .key = "IR@{guid}@{1}@we@{base64:32}"};
}

constexpr KeyService make_learning_endpoint(std::string_view type, std::string_view answer) {
    return {.type = type,
            .versions = "2024-04-01 2026-05-01",
            .list = "listKeys",
            .regenerate = "POST regenerateKeys",
            .body = by_key_type,
            .slots = upper,
            .listing = two_keys,
            .answer = answer,
            .key = "{text:32}",
            .goes_on = "InProgress",
            .chosen = "keyValue"};
}

constexpr KeyService make_device_service(std::string_view type, std::string_view version, std::string_view policy_path,
                                         std::string_view policies) {
    return {.type = type,
            .versions = version,
            .list = "listkeys",
            .regenerate = {},
            .body = {},
            .slots = "primaryKey|secondaryKey",
            .listing = {},
            .answer = {},
            .key = "{base64:32}",
            .status = 201,
            .goes_on = "Running",
            .errors = ErrorShape::iot,
            .policy_path = policy_path,
            .policies = policies};
}

constexpr KeyService services[] = {
    {.type = "Microsoft.DocumentDB/databaseAccounts",
     .versions = "2024-08-15 2026-03-15",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = R"({"keyKind":"{slot}"})",
     .slots = "primary|secondary|primaryReadonly|secondaryReadonly",
     .listing = R"({"primaryMasterKey":"{key1}","secondaryMasterKey":"{key2}","primaryReadonlyMasterKey":"{key3}",)"
                R"("secondaryReadonlyMasterKey":"{key4}"})",
     .answer = {},
     .key = "{base64:64}",
     .goes_on = "Enqueued",
     .metadata = R"({"keysMetadata":{"primaryMasterKey":{"generationTime":"{made1}"},)"
                 R"("secondaryMasterKey":{"generationTime":"{made2}"},)"
                 R"("primaryReadonlyMasterKey":{"generationTime":"{made3}"},)"
                 R"("secondaryReadonlyMasterKey":{"generationTime":"{made4}"}}})"},
    {.type = "Microsoft.Cache/redis",
     .versions = "2024-11-01",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = by_key_type,
     .slots = upper,
     .listing = two_keys,
     .answer = as_listed,
     .key = "{base64:32}"},
    {.type = "Microsoft.Cache/redisEnterprise/databases",
     .versions = "2025-07-01",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = by_key_type,
     .slots = upper,
     .listing = two_keys,
     .answer = as_listed,
     .key = "{base64:32}",
     .goes_on = "InProgress"},
    make_sas("Microsoft.ServiceBus/namespaces/authorizationRules", "2024-01-01 2026-01-01", false),
    make_sas("Microsoft.ServiceBus/namespaces/queues/authorizationRules", "2024-01-01 2026-01-01", true),
    make_sas("Microsoft.ServiceBus/namespaces/topics/authorizationRules", "2024-01-01 2026-01-01", true),
    make_sas("Microsoft.EventHub/namespaces/authorizationRules", "2024-01-01 2026-01-01", false),
    make_sas("Microsoft.EventHub/namespaces/eventhubs/authorizationRules", "2024-01-01 2026-01-01", true),
    make_sas("Microsoft.Relay/namespaces/authorizationRules", "2024-01-01 2026-01-01", false),
    make_sas("Microsoft.Relay/namespaces/hybridConnections/authorizationRules", "2024-01-01 2026-01-01", true),
    make_sas("Microsoft.Relay/namespaces/wcfRelays/authorizationRules", "2024-01-01 2026-01-01", true),
    make_notification_sas("Microsoft.NotificationHubs/namespaces/authorizationRules", false),
    make_notification_sas("Microsoft.NotificationHubs/namespaces/notificationHubs/authorizationRules", true),
    make_event_grid("Microsoft.EventGrid/topics", "InProgress"),
    make_event_grid("Microsoft.EventGrid/domains", {}),
    make_event_grid("Microsoft.EventGrid/partnerNamespaces", {}),
    make_event_grid("Microsoft.EventGrid/namespaces", "InProgress"),
    make_event_grid("Microsoft.EventGrid/namespaces/topics", "InProgress"),
    {.type = "Microsoft.CognitiveServices/accounts",
     .versions = "2024-10-01 2026-07-01",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = by_key_name,
     .slots = "Key1|Key2",
     .listing = key1_key2,
     .answer = as_listed,
     .key = "{hex:32}",
     .metadata = R"({"endpoint":"https://{name}.cognitiveservices.azure.com/"})"},
    {.type = "Microsoft.Search/searchServices",
     .versions = "2025-05-01",
     .list = "listAdminKeys",
     .regenerate = "POST regenerateAdminKey/{slot}",
     .body = {},
     .slots = lower,
     .listing = two_keys,
     .answer = as_listed,
     .key = "{text:52}"},
    {.type = "Microsoft.Batch/batchAccounts",
     .versions = "2024-07-01 2025-06-01",
     .list = "listKeys",
     .regenerate = "POST regenerateKeys",
     .body = by_key_name,
     .slots = upper,
     .listing = R"({"accountName":"{name}","primary":"{key1}","secondary":"{key2}"})",
     .answer = as_listed,
     .key = "{base64:64}"},
    make_signalr("Microsoft.SignalRService/signalR",
                 R"({"primaryKey":"{key1}","secondaryKey":"{key2}","primaryConnectionString":)"
                 R"("Endpoint=https://{name}.service.signalr.net;AccessKey={key1};Version=1.0;",)"
                 R"("secondaryConnectionString":)"
                 R"("Endpoint=https://{name}.service.signalr.net;AccessKey={key2};Version=1.0;"})"),
    make_signalr("Microsoft.SignalRService/webPubSub",
                 R"({"primaryKey":"{key1}","secondaryKey":"{key2}","primaryConnectionString":)"
                 R"("Endpoint=https://{name}.webpubsub.azure.com;AccessKey={key1};Version=1.0;",)"
                 R"("secondaryConnectionString":)"
                 R"("Endpoint=https://{name}.webpubsub.azure.com;AccessKey={key2};Version=1.0;"})"),
    {.type = "Microsoft.AppConfiguration/configurationStores",
     .versions = "2024-06-01",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = R"({"id":"{id}"})",
     .slots = "Primary|Secondary|Primary Read Only|Secondary Read Only",
     .listing =
         R"({"value":[{"id":"{id1}","name":"Primary","value":"{key1}","connectionString":)"
         R"("Endpoint=https://{name}.azconfig.io;Id={id1};Secret={key1}","lastModified":"{made1}","readOnly":false},)"
         R"({"id":"{id2}","name":"Secondary","value":"{key2}","connectionString":)"
         R"("Endpoint=https://{name}.azconfig.io;Id={id2};Secret={key2}","lastModified":"{made2}","readOnly":false},)"
         R"({"id":"{id3}","name":"Primary Read Only","value":"{key3}","connectionString":)"
         R"("Endpoint=https://{name}.azconfig.io;Id={id3};Secret={key3}","lastModified":"{made3}","readOnly":true},)"
         R"({"id":"{id4}","name":"Secondary Read Only","value":"{key4}","connectionString":)"
         R"("Endpoint=https://{name}.azconfig.io;Id={id4};Secret={key4}","lastModified":"{made4}","readOnly":true}],)"
         R"("nextLink":null})",
     .answer = R"({"id":"{id}","name":"{slot}","value":"{key}","connectionString":)"
               R"("Endpoint=https://{name}.azconfig.io;Id={id};Secret={key}","lastModified":"{made}"})",
     .key = "{base64:32}",
     .key_id = "{text:4}-l0-s0:{text:20}"},
    {.type = "Microsoft.Maps/accounts",
     .versions = "2023-06-01",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = by_key_type,
     .slots = lower,
     .listing = R"({"primaryKey":"{key1}","primaryKeyLastUpdated":"{made1}","secondaryKey":"{key2}",)"
                R"("secondaryKeyLastUpdated":"{made2}"})",
     .answer = as_listed,
     .key = "{text:43}"},
    make_api_management("Microsoft.ApiManagement/service/subscriptions", two_keys, "{hex:32}"),
    make_api_management("Microsoft.ApiManagement/service/workspaces/subscriptions", two_keys, "{hex:32}"),
    make_api_management("Microsoft.ApiManagement/service/tenant",
                        R"({"id":"{name}","principalId":"integration","primaryKey":"{key1}",)"
                        R"("secondaryKey":"{key2}","enabled":true})",
                        "{base64:64}"),
    {.type = "Microsoft.ApiManagement/service/gateways",
     .versions = "2024-05-01",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = by_key_type,
     .slots = lower,
     .listing = R"({"primary":"{key1}","secondary":"{key2}"})",
     .answer = {},
     .key = "{base64:64}",
     .status = 204},
    {.type = "Microsoft.Communication/communicationServices",
     .versions = "2023-04-01 2026-03-18",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = by_key_type,
     .slots = upper,
     .listing = R"({"primaryKey":"{key1}","secondaryKey":"{key2}","primaryConnectionString":)"
                R"("endpoint=https://{name}.communication.azure.com/;accesskey={key1}","secondaryConnectionString":)"
                R"("endpoint=https://{name}.communication.azure.com/;accesskey={key2}"})",
     .answer = as_listed,
     .key = "{base64:64}",
     .metadata = R"({"hostName":"{name}.communication.azure.com"})"},
    {.type = "Microsoft.ContainerRegistry/registries",
     .versions = "2023-07-01 2025-11-01",
     .list = "listCredentials",
     .regenerate = "POST regenerateCredential",
     .body = R"({"name":"{slot}"})",
     .slots = "password|password2",
     .listing = R"({"username":"{name}","passwords":[{"name":"password","value":"{key1}"},)"
                R"({"name":"password2","value":"{key2}"}]})",
     .answer = as_listed,
     .key = "{text:32}",
     .metadata = R"({"loginServer":"{name}.azurecr.io"})"},
    // Keys of functions are named by people; a new app has the one.
    {.type = "Microsoft.Web/sites/host",
     .versions = "2023-12-01",
     .list = "listKeys",
     .regenerate = "PUT functionKeys/{slot}",
     .body = R"({"properties":{"name":"{slot}"}})",
     .slots = "default",
     .listing = R"({"masterKey":"a master key","functionKeys":"{all}","systemKeys":{}})",
     .answer = R"({"id":null,"name":"{slot}","type":"Microsoft.Web/sites/host/functionKeys",)"
               R"("properties":{"name":"{slot}","value":"{key}"}})",
     .key = "{text:54}==",
     .status = 201,
     .chosen = "properties.value",
     .may_grow = true,
     .errors = ErrorShape::app_service},
    {.type = "Microsoft.BotService/botServices/channels",
     .versions = "2022-09-15",
     .list = "listChannelWithKeys",
     .regenerate = "POST regeneratekeys",
     .body = R"({"siteName":"Default Site","key":"{slot}"})",
     .slots = numbered,
     .listing = R"({"name":"{1}/{2}","properties":{"channelName":"{2}","properties":{"sites":[)"
                R"({"siteId":"1","siteName":"Default Site","key":"{key1}","key2":"{key2}","isEnabled":true}]}}})",
     .answer = as_listed,
     .key = "{text:11}.{text:43}"},
    {.type = "Microsoft.AppPlatform/spring",
     .versions = "2024-05-01-preview 2023-12-01",
     .list = "listTestKeys",
     .regenerate = "POST regenerateTestKey",
     .body = by_key_type,
     .slots = upper,
     .listing = R"({"primaryKey":"{key1}","secondaryKey":"{key2}","primaryTestEndpoint":)"
                R"("https://primary:{key1}@{name}.test.azuremicroservices.io","secondaryTestEndpoint":)"
                R"("https://secondary:{key2}@{name}.test.azuremicroservices.io","enabled":true})",
     .answer = as_listed,
     .key = "{text:64}"},
    {.type = "Microsoft.FluidRelay/fluidRelayServers",
     .versions = "2022-06-01",
     .list = "listKeys",
     .regenerate = "POST regenerateKey",
     .body = by_key_name,
     .slots = numbered,
     .listing = key1_key2,
     .answer = as_listed,
     .key = "{hex:32}"},
    make_integration_runtime("Microsoft.DataFactory/factories/integrationRuntimes", "2018-06-01"),
    make_integration_runtime("Microsoft.Synapse/workspaces/integrationRuntimes", "2021-06-01"),
    // How the call spells a slot is not settled by the specification.
    {.type = "Microsoft.DataMigration/sqlMigrationServices",
     .versions = "2025-06-30",
     .list = "listAuthKeys",
     .regenerate = "POST regenerateAuthKeys",
     .body = by_key_name,
     .slots = numbered,
     .listing = R"({"authKey1":"{key1}","authKey2":"{key2}"})",
     .answer = R"({"keyName":"{slot}","authKey1":"{key1}","authKey2":"{key2}"})",
     .key = "IR@{guid}@{name}@we@{base64:32}"},
    make_learning_endpoint("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", {}),
    make_learning_endpoint("Microsoft.MachineLearningServices/workspaces/serverlessEndpoints", as_listed),
    {.type = "Microsoft.Automation/automationAccounts",
     .versions = "2024-10-23",
     .list = "listKeys",
     .regenerate = "POST agentRegistrationInformation/regenerateKey",
     .body = by_key_name,
     .slots = lower,
     .listing = R"({"keys":[{"KeyName":"Primary","Permissions":"Full","Value":"{key1}"},)"
                R"({"KeyName":"Secondary","Permissions":"Full","Value":"{key2}"}]})",
     .answer = R"({"id":null,"endpoint":"https://{name}.agentsvc.azure-automation.net",)"
               R"("keys":{"primary":"{key1}","secondary":"{key2}"}})",
     .key = "{base64:64}"},
    make_device_service("Microsoft.Devices/IotHubs", "2023-06-30", "IotHubKeys",
                        "iothubowner:RegistryWrite, ServiceConnect, DeviceConnect|service:ServiceConnect|"
                        "device:DeviceConnect|registryRead:RegistryRead|registryReadWrite:RegistryWrite"),
    make_device_service("Microsoft.Devices/provisioningServices", "2022-12-12", "keys",
                        "provisioningserviceowner:ServiceConfig, EnrollmentWrite, DeviceConnect|"
                        "enrollmentread:EnrollmentRead"),
};

}  // namespace

std::span<KeyService const> key_services() {
    return services;
}

}  // namespace kssedr::emulator
