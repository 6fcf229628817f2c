/// Resources with keys: how a path names one, how its keys are made, told and asked for. Rules only; the calls are in
/// emulator/key_calls.h.

#pragma once

#include "emulator/json.h"
#include "emulator/key_services.h"
#include "emulator/world.h"

namespace kssedr::emulator {

/// A path of Resource Manager that names such a resource, or goes on below it.
struct KeyedPath {
    KeyService const* service = nullptr;
    std::string id;                  ///< the resource's
    std::vector<std::string> names;  ///< those in the id
    std::vector<std::string> rest;   ///< `regenerateAdminKey`, `primary`
};

[[nodiscard]] KeyService const& find_service(KeyResource const& resource);

/// By the longest type that the path goes through. Nothing where no service is meant.
[[nodiscard]] std::optional<KeyedPath> parse_keyed_path(std::vector<std::string> const& segments);

/// `keys.list`, `keys.regenerate`, `resource.get`, `resource.put`, `operation.get`, or `other`.
[[nodiscard]] std::string find_keyed_operation(std::string_view method, KeyedPath const& path);

/// Microsoft's name of the action that a call needs: `Microsoft.Cache/redis/listKeys/action`.
[[nodiscard]] std::string find_keyed_right(std::string_view method, KeyedPath const& path);

/// A new resource, with keys.
[[nodiscard]] KeyResource make_resource(KeyedPath const& path, TimePoint now, Random& random);

/// Gives a key its new value: the one that is given, else one made by chance.
void renew_key(ResourceKey& key, KeyResource const& resource, std::string const& value, TimePoint now, Random& random);

/// Lets end what is to have ended by now.
void settle(KeyResource& resource, TimePoint now);

/// The keys, as the service lists them; of resources with policies those of one of them, or (empty) of all. Null where
/// there is no such policy.
[[nodiscard]] json::value list_keys(KeyResource const& resource, std::string_view policy);
/// What a regeneration that is done answers; null for nothing.
[[nodiscard]] json::value answer_regeneration(KeyResource const& resource, ResourceKey const& key);

/// The key that a regeneration asks for, in `keys`; made where the service lets its keys grow in number. Null where it
/// asks for none.
[[nodiscard]] ResourceKey* find_asked_key(std::vector<ResourceKey>& keys, KeyedPath const& path,
                                          json::value const& body);
/// The key's value that the body says, where the service allows that; else empty.
[[nodiscard]] std::string find_chosen_value(KeyService const& service, json::value const& body);

/// What a GET of the resource tells, without its keys.
[[nodiscard]] json::object to_arm(KeyResource const& resource);
[[nodiscard]] std::string format_etag(KeyResource const& resource);
/// The keys that a resource written back has, from its list of policies; nothing where the list is not right.
[[nodiscard]] std::optional<std::vector<ResourceKey>> parse_policies(KeyResource const& resource,
                                                                     json::value const& body, TimePoint now);

}  // namespace kssedr::emulator
