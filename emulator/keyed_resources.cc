#include "emulator/keyed_resources.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/encoding.h"
#include "emulator/clock.h"
#include "emulator/fill.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>

namespace kssedr::emulator {
namespace {

// How many of the segments behind `providers` are the names of this service's type, twice each; 0 for none.
std::size_t count_type(KeyService const& service, std::vector<std::string> const& segments, std::size_t at) {
    auto const types = split(service.type, '/');
    if (!equals_ignore_case(segments[at], types[0])) return 0;
    for (std::size_t i = 1; i < types.size(); ++i) {
        auto const place = at + 2 * i - 1;
        if (place + 1 >= segments.size() || !equals_ignore_case(segments[place], types[i])) return 0;
    }
    return types.size() - 1;
}

bool goes_as(std::vector<std::string> const& rest, std::string_view pattern) {
    auto const parts = split(pattern, '/');
    return std::ranges::equal(rest, parts, [](std::string const& one, std::string_view part) {
        return part == "{slot}" || equals_ignore_case(one, part);
    });
}

// "POST", "regenerateAdminKey/{slot}"
std::pair<std::string_view, std::string_view> split_call(std::string_view call) {
    auto const blank = call.find(' ');
    if (blank == std::string_view::npos) return {};
    return {call.substr(0, blank), call.substr(blank + 1)};
}

bool lists(KeyService const& service, std::vector<std::string> const& rest) {
    if (goes_as(rest, service.list)) return true;
    return !service.policies.empty() && rest.size() == 3 && equals_ignore_case(rest[0], service.policy_path) &&
           equals_ignore_case(rest[2], service.list);
}

std::optional<std::size_t> parse_size(std::string_view text) {
    std::size_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string make_text(std::size_t size, Random& random) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string text;
    while (text.size() < size) text += alphabet[random.below(alphabet.size())];
    return text;
}

std::optional<std::string> find_name(std::vector<std::string> const& names, std::string_view word) {
    if (word == "name") return names.back();
    auto const number = parse_size(word);
    if (!number || *number == 0 || *number > names.size()) return std::nullopt;
    return names[*number - 1];
}

// A key, or a key's id, as its template has it.
std::string make_key_text(std::string_view form, std::vector<std::string> const& names, Random& random) {
    return fill_text(form, [&](std::string_view word) -> std::optional<std::string> {
        if (word == "guid") return random.uuid();
        auto const parts = split(word, ':');
        auto const size = parts.size() == 2 ? parse_size(parts[1]) : std::nullopt;
        if (!size) return find_name(names, word);
        if (parts[0] == "text") return make_text(*size, random);
        std::string bytes(parts[0] == "hex" ? *size / 2 : *size, '\0');
        random.fill(bytes);
        return parts[0] == "hex" ? format_hex(bytes) : format_base64(bytes);
    });
}

std::optional<std::string> find_in_key(ResourceKey const& key, std::string_view word) {
    if (word == "slot") return key.slot;
    if (word == "key") return key.value;
    if (word == "id") return key.id;
    if (word == "made") return key.made;
    return std::nullopt;
}

json::value fill_answer(std::string_view text, KeyResource const& resource, ResourceKey const* chosen) {
    auto const find = [&](std::string_view word) -> std::optional<std::string> {
        if (chosen != nullptr)
            if (auto told = find_in_key(*chosen, word)) return told;
        if (auto name = find_name(resource.names, word)) return name;
        auto const number = word.empty() ? std::nullopt : parse_size(word.substr(word.size() - 1));
        if (!number || *number == 0 || *number > resource.keys.size()) return std::nullopt;
        return find_in_key(resource.keys[*number - 1], word.substr(0, word.size() - 1));
    };
    auto const parsed = parse_json(text);
    KSSEDR_CHECK(parsed.has_value(), "a template of the table of services is JSON");
    auto filled = fill_json(*parsed, find);
    // Where people name the keys: an object of them all.
    if (!filled.is_object()) return filled;
    for (auto& [name, value] : filled.get_object()) {
        if (!value.is_string() || value.get_string() != "{all}") continue;
        json::object all;
        for (auto const& key : resource.keys) all[key.slot] = key.value;
        value = std::move(all);
    }
    return filled;
}

ResourceKey make_key(KeyResource const& resource, std::string_view slot, TimePoint now, Random& random) {
    ResourceKey key;
    key.slot = slot;
    renew_key(key, resource, {}, now, random);
    return key;
}

json::object to_policy(std::vector<ResourceKey> const& keys, std::string_view policy) {
    json::object shown;
    for (auto const& key : keys) {
        if (key.policy != policy) continue;
        shown["keyName"] = key.policy;
        shown[key.slot] = key.value;
        shown["rights"] = key.rights;
    }
    return shown;
}

}  // namespace

KeyService const& find_service(KeyResource const& resource) {
    auto const services = key_services();
    auto const found = std::ranges::find(services, std::string_view(resource.type), &KeyService::type);
    KSSEDR_CHECK(found != services.end(), "a resource is of a service that is known");
    return *found;
}

std::optional<KeyedPath> parse_keyed_path(std::vector<std::string> const& segments) {
    bool const in_group = segments.size() > 6 && equals_ignore_case(segments[0], "subscriptions") &&
                          equals_ignore_case(segments[2], "resourceGroups") &&
                          equals_ignore_case(segments[4], "providers");
    if (!in_group) return std::nullopt;
    constexpr std::size_t at = 5;
    KeyService const* found = nullptr;
    std::size_t depth = 0;
    for (auto const& service : key_services()) {
        auto const count = count_type(service, segments, at);
        if (count <= depth) continue;
        found = &service;
        depth = count;
    }
    if (found == nullptr) return std::nullopt;
    KeyedPath path{.service = found};
    auto const end = at + 1 + 2 * depth;
    for (std::size_t i = 0; i < end; ++i) path.id += "/" + segments[i];
    for (std::size_t i = at + 2; i < end; i += 2) path.names.push_back(segments[i]);
    path.rest.assign(segments.begin() + static_cast<std::ptrdiff_t>(end), segments.end());
    return path;
}

std::string find_keyed_operation(std::string_view method, KeyedPath const& path) {
    auto const& service = *path.service;
    if (path.rest.empty() && method == "GET") return "resource.get";
    if (path.rest.empty() && method == "PUT" && !service.policies.empty()) return "resource.put";
    if (path.rest.size() == 2 && method == "GET" && equals_ignore_case(path.rest[0], "operationResults"))
        return "operation.get";
    if (method == "POST" && lists(service, path.rest)) return "keys.list";
    auto const [verb, pattern] = split_call(service.regenerate);
    return method == verb && goes_as(path.rest, pattern) ? "keys.regenerate" : "other";
}

std::string find_keyed_right(std::string_view method, KeyedPath const& path) {
    std::string right(path.service->type);
    if (method == "GET") return right + "/read";
    if (method == "PUT") return right + (path.rest.empty() ? "" : "/" + path.rest.front()) + "/write";
    auto const [verb, pattern] = split_call(path.service->regenerate);
    bool const lists_policy = path.rest.size() == 3 && lists(*path.service, path.rest);
    auto const parts = split(pattern, '/');
    for (std::size_t i = 0; i < path.rest.size(); ++i) {
        bool const is_slot = parts.size() > 1 && i < parts.size() && parts[i] == "{slot}";
        if (!is_slot && !(lists_policy && i == 1)) right += "/" + path.rest[i];
    }
    return right + "/action";
}

KeyResource make_resource(KeyedPath const& path, TimePoint now, Random& random) {
    auto const& service = *path.service;
    KeyResource resource{.id = path.id, .type = std::string(service.type), .names = path.names};
    auto const policies = split(service.policies, '|');
    for (auto const policy : policies) {
        auto const colon = std::min(policy.find(':'), policy.size());
        for (auto const slot : split(service.slots, '|')) {
            auto key = make_key(resource, slot, now, random);
            key.policy = policy.substr(0, colon);
            key.rights = policy.empty() ? "" : policy.substr(colon + 1);
            resource.keys.push_back(std::move(key));
        }
    }
    return resource;
}

void renew_key(ResourceKey& key, KeyResource const& resource, std::string const& value, TimePoint now, Random& random) {
    auto const& service = find_service(resource);
    key.value = value.empty() ? make_key_text(service.key, resource.names, random) : value;
    key.id = make_key_text(service.key_id, resource.names, random);
    key.made = format_ticks(now, random.below(10'000));
}

void settle(KeyResource& resource, TimePoint now) {
    if (!resource.operation || resource.operation->has_ended || now < resource.operation->due) return;
    resource.keys = resource.operation->keys;
    resource.operation->has_ended = true;
    ++resource.revision;
}

json::value list_keys(KeyResource const& resource, std::string_view policy) {
    auto const& service = find_service(resource);
    if (service.policies.empty()) return fill_answer(service.listing, resource, nullptr);
    json::array all;
    for (auto const& key : resource.keys) {
        if (!policy.empty() && equals_ignore_case(key.policy, policy)) return to_policy(resource.keys, key.policy);
        if (key.slot == split(service.slots, '|').front()) all.push_back(to_policy(resource.keys, key.policy));
    }
    if (!policy.empty()) return nullptr;
    return json::object{{"value", std::move(all)}};
}

json::value answer_regeneration(KeyResource const& resource, ResourceKey const& key) {
    auto const& service = find_service(resource);
    if (service.answer.empty()) return nullptr;
    return fill_answer(service.answer == as_listed ? service.listing : service.answer, resource, &key);
}

ResourceKey* find_asked_key(std::vector<ResourceKey>& keys, KeyedPath const& path, json::value const& body) {
    auto const& service = *path.service;
    auto const wanted = service.body.empty() ? json::value(json::object()) : *parse_json(service.body);
    auto const is_asked = [&](ResourceKey const& key) {
        auto const find = [&](std::string_view word) { return find_in_key(key, word); };
        bool const by_path = goes_as(path.rest, fill_text(split_call(service.regenerate).second, find));
        return by_path && (service.body.empty() || holds(body, fill_json(wanted, find)));
    };
    if (auto const found = std::ranges::find_if(keys, is_asked); found != keys.end()) return &*found;
    if (!service.may_grow) return nullptr;
    ResourceKey grown;
    grown.slot = path.rest.back();
    return is_asked(grown) ? &keys.emplace_back(std::move(grown)) : nullptr;
}

std::string find_chosen_value(KeyService const& service, json::value const& body) {
    if (service.chosen.empty()) return {};
    auto const* at = &body;
    for (auto const name : split(service.chosen, '.')) {
        at = at->is_object() ? at->get_object().if_contains(name) : nullptr;
        if (at == nullptr) return {};
    }
    return at->is_string() ? std::string(at->get_string()) : "";
}

json::object to_arm(KeyResource const& resource) {
    auto const& service = find_service(resource);
    json::object shown{{"id", resource.id},
                       {"name", resource.names.back()},
                       {"type", resource.type},
                       {"location", resource.location},
                       {"properties", json::object{{"provisioningState", "Succeeded"}}}};
    if (!service.metadata.empty())
        for (auto& [name, value] : fill_answer(service.metadata, resource, nullptr).as_object())
            shown["properties"].get_object()[name] = value;
    if (service.policies.empty()) return shown;
    shown["etag"] = format_etag(resource);
    shown["sku"] = json::object{{"name", "S1"}, {"capacity", 1}};
    shown["tags"] = json::object{{"team", "devices"}};
    shown["properties"].get_object()["state"] = "Active";
    return shown;
}

std::string format_etag(KeyResource const& resource) {
    std::string const number = std::to_string(resource.revision);
    return format_base64(std::string(8 - std::min<std::size_t>(8, number.size()), '0') + number);
}

std::optional<std::vector<ResourceKey>> parse_policies(KeyResource const& resource, json::value const& body,
                                                       TimePoint now) {
    auto const* properties = body.is_object() ? body.get_object().if_contains("properties") : nullptr;
    if (properties == nullptr || !properties->is_object()) return std::nullopt;
    auto const* policies = properties->get_object().if_contains("authorizationPolicies");
    if (policies == nullptr) return resource.keys;
    if (!policies->is_array()) return std::nullopt;
    std::vector<ResourceKey> keys;
    for (auto const& policy : policies->get_array()) {
        if (!policy.is_object()) return std::nullopt;
        auto const text = [&](std::string_view name) {
            auto const* value = policy.get_object().if_contains(name);
            return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
        };
        for (auto const slot : split(find_service(resource).slots, '|')) {
            ResourceKey key{std::string(slot), text(slot), {}, format_ticks(now, 0), text("keyName"), text("rights")};
            auto const bytes = parse_base64(key.value);
            if (key.policy.empty() || key.rights.empty() || !bytes || bytes->size() < 16) return std::nullopt;
            keys.push_back(std::move(key));
        }
    }
    return keys;
}

}  // namespace kssedr::emulator
