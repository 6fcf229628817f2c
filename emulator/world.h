/// World: what exists in the local Azure. Values and look-ups; rules live with the services.
///
/// Names are compared as Azure compares them, without regard to case. References into the world stay valid until the
/// thing is removed (std::map and std::list do not move what they hold). Event loop thread only.

#pragma once

#include "base/random.h"
#include "base/time.h"
#include "emulator/blob_store.h"
#include "emulator/secret_store.h"
#include "emulator/throttle.h"

#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::emulator {

struct IgnoringCase {
    using is_transparent = void;
    [[nodiscard]] bool operator()(std::string_view a, std::string_view b) const;
};
template <class T>
using NameMap = std::map<std::string, T, IgnoringCase>;

/// What an application may not do, though it may everything else.
struct Denial {
    std::string operation;  ///< `secret.set`, `keys.*`, `*`
    std::string resource;   ///< part of the resource's name; empty: any
};

struct Tenant {
    std::string id;
    std::string domain;
};

/// A client secret of an application, as Microsoft Graph keeps it.
struct AppPassword {
    std::string key_id;
    std::optional<std::string> name;
    std::string value;
    std::string begins;  ///< as it is written
    std::string ends;
    TimePoint begins_at{};
    TimePoint ends_at{};
    // What the replicas know, of which the token endpoint is one and the listing another.
    TimePoint taken_from{};
    TimePoint listed_from{};
    bool is_removed = false;
    TimePoint taken_until{};  ///< where it is removed
    TimePoint listed_until{};
};

struct App {
    std::string client_id;
    std::string object_id;       ///< of its service principal
    std::string application_id;  ///< the object id of the application itself, by which Graph knows it
    std::string tenant;
    std::string name;
    std::string sign_in_audience = "AzureADMyOrg";
    std::vector<std::string> secrets;          ///< what was said to be its secrets when it was made
    std::vector<AppPassword> passwords;        ///< all of them
    Duration propagation{};                    ///< how long the token endpoint takes to hear of a change
    Duration listing_delay{};                  ///< how long listings do
    std::vector<std::string> certificates;     ///< PEM: by which it may prove itself instead
    std::vector<std::string> identifier_uris;  ///< audiences that are this application
    std::vector<std::string> roles;            ///< in the tokens it gets
    std::vector<Denial> denials;
    int token_version = 1;  ///< of the tokens made for it as an audience
};

struct AzureSubscription {
    std::string id;
    std::string name;
    std::string tenant;
};

struct ResourceGroup {
    std::string subscription;
    std::string name;
    std::string location;
};

/// Where a resource lives; its id is made of it.
struct ResourcePlace {
    std::string subscription;
    std::string group;
    std::string name;
    std::string location;
};

struct Vault {
    ResourcePlace place;
    std::string tenant;
    SecretStore secrets;
    VaultThrottle throttle;
    bool events_for_old_versions = false;
    std::map<std::string, std::string> tags;
};

struct AccountKey {
    std::string name;
    std::string value;
    std::string creation_time;  ///< as it is written
    TimePoint accepted_from{};  ///< the blob endpoint knows the value from then on
    std::string former;         ///< the value before, while it still works
    TimePoint former_until{};
};

struct StorageAccount {
    ResourcePlace place;
    std::string created;
    std::vector<AccountKey> keys;
    Duration propagation{};  ///< how long a regenerated key takes to reach the endpoint
    bool shared_key_allowed = true;
    bool tells_key_times = true;  ///< old accounts do not say when their keys were made
    std::map<std::string, std::string> tags;
    BlobStore blobs;
};

/// A key of a resource that is no storage account.
struct ResourceKey {
    std::string slot;  ///< as the call to regenerate spells it
    std::string value;
    std::string id;      ///< where the service gives its keys ids
    std::string made;    ///< as it is written
    std::string policy;  ///< the policy that it is a key of, where the resource has policies
    std::string rights;  ///< of that policy
};

/// What goes on after its answer.
struct Operation {
    std::string id;
    std::string query;              ///< of the URL that asks for its end, to the byte
    TimePoint due{};                ///< it ends then
    std::vector<ResourceKey> keys;  ///< the resource's from then on
    bool has_ended = false;
};

/// A resource of a service in emulator/key_services.h.
struct KeyResource {
    std::string id;
    std::string type;                ///< the service's
    std::vector<std::string> names;  ///< those in the id: the namespace, the queue, the rule
    std::string location;
    std::vector<ResourceKey> keys;
    Duration operation_takes{};          ///< how long what goes on after its answer goes on
    std::uint64_t revision = 1;          ///< its ETag is made of it
    std::optional<Operation> operation;  ///< the last, also when it has ended
};

/// A read-only lock on a resource id, or on what contains it.
struct ReadOnlyLock {
    std::string scope;
};

/// A subscription to a topic of an Event Grid namespace, by pull delivery.
struct TopicSubscription {
    struct Waiting {
        std::string event;  ///< a CloudEvent, JSON
        std::string token;  ///< of the lock, once it was received
        TimePoint hidden_until{};
        int deliveries = 0;
    };

    std::string event_grid;  ///< the namespace
    std::string topic;
    std::string name;
    std::string key;  ///< opens the namespace
    Duration lock = std::chrono::seconds{60};
    int deliveries_max = 10;
    std::list<Waiting> waiting;
    std::size_t dead = 0;  ///< rejected, or received too often
};

class World {
public:
    NameMap<Tenant> tenants;  ///< by id
    NameMap<App> apps;        ///< by client id
    NameMap<AzureSubscription> subscriptions;
    std::list<ResourceGroup> groups;
    NameMap<Vault> vaults;  ///< by name, which is unique in the world
    NameMap<StorageAccount> accounts;
    NameMap<KeyResource> resources;  ///< by id
    std::vector<ReadOnlyLock> locks;
    std::list<TopicSubscription> topic_subscriptions;
    bool throttling = true;
    // What is meant where a request to make something names none: the first that was made.
    std::string first_tenant;
    std::string first_subscription;
    std::string first_app;

    [[nodiscard]] Tenant const* find_tenant(std::string_view id_or_domain) const;
    [[nodiscard]] App const* find_app(std::string_view client_id) const;
    /// By the object id of the application, not of its service principal.
    [[nodiscard]] App* find_application(std::string_view object_id);
    [[nodiscard]] ResourceGroup const* find_group(std::string_view subscription, std::string_view name) const;
    /// The lock that keeps a resource from being written.
    [[nodiscard]] ReadOnlyLock const* find_lock(std::string_view resource_id) const;
};

/// `/subscriptions/S/resourceGroups/G/providers/Microsoft.KeyVault/vaults/N`.
[[nodiscard]] std::string format_resource_id(ResourcePlace const& place, std::string_view type);
inline constexpr std::string_view vault_type = "Microsoft.KeyVault/vaults";
inline constexpr std::string_view account_type = "Microsoft.Storage/storageAccounts";

/// By the operation's word, or by Microsoft's name of the action; case is ignored.
[[nodiscard]] bool is_denied(App const& app, std::string_view operation, std::string_view resource);

/// 64 random bytes in base64, as storage accounts have them.
[[nodiscard]] std::string make_account_key(Random& random);
/// Whether the token endpoint takes a client secret now.
[[nodiscard]] bool is_taken(AppPassword const& password, TimePoint now);
/// 40 characters of the kind Entra makes.
[[nodiscard]] std::string make_client_secret(Random& random);

}  // namespace kssedr::emulator
