#include "emulator/secret_store.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::emulator {
namespace {

constexpr std::size_t value_bytes_max = 25 * 1024;
constexpr std::size_t name_size_max = 127;
constexpr std::size_t tags_max = 15;
constexpr std::size_t tag_size_max = 256;
constexpr std::size_t content_type_size_max = 255;
constexpr Duration recovery_time{4'000};

std::unexpected<Refusal> refuse(unsigned status, std::string code, std::string message, std::string inner = {}) {
    return std::unexpected(Refusal{
        .status = status, .code = std::move(code), .inner_code = std::move(inner), .message = std::move(message)});
}

std::unexpected<Refusal> not_found(std::string_view name) {
    return refuse(404, "SecretNotFound",
                  "A secret with (name/id) " + std::string(name) +
                      " was not found in this key vault. If you recently deleted this secret you may be able to "
                      "recover it using the correct recovery command. For help resolving this issue, please see "
                      "https://go.microsoft.com/fwlink/?linkid=2125182");
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= name_size_max &&
           std::ranges::all_of(name, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-'; });
}

std::size_t characters_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, [](unsigned char c) { return c < 0x80 || c >= 0xc0; }));
}

std::optional<Refusal> find_fault(SecretChange const& change) {
    auto const bad = [](std::string message) {
        return Refusal{.status = 400, .code = "BadParameter", .inner_code = {}, .message = std::move(message)};
    };
    if (change.value && change.value->size() > value_bytes_max)
        return bad("Secret value is too long. The maximum size is 25k bytes.");
    if (change.content_type && characters_of(*change.content_type) > content_type_size_max)
        return bad("Property contentType is too long. The maximum length is 255 characters.");
    if (!change.tags) return std::nullopt;
    if (change.tags->size() > tags_max) return bad("The number of tags exceeds the limit of 15.");
    for (auto const& [name, value] : *change.tags) {
        if (name.empty() || characters_of(name) > tag_size_max || characters_of(value) > tag_size_max)
            return bad("A tag's name or value is longer than the limit of 256 characters, or the name is empty.");
    }
    return std::nullopt;
}

void apply(SecretChange const& change, SecretVersion& version) {
    if (change.content_type) version.content_type = change.content_type;
    if (change.tags) version.tags = change.tags;
    if (change.enabled) version.enabled = *change.enabled;
    if (change.nbf) version.nbf = change.nbf;
    if (change.exp) version.exp = change.exp;
}

// The service keeps whole seconds.
TimePoint whole_second(TimePoint at) {
    return std::chrono::floor<std::chrono::seconds>(at);
}

template <class Map>
Page<Secret const*> page_of(Map const& secrets, std::string_view after, std::size_t count, auto const& is_shown) {
    Page<Secret const*> page;
    for (auto at = secrets.upper_bound(std::string(after)); at != secrets.end(); ++at) {
        if (!is_shown(at->second)) continue;
        if (page.items.size() == count) {
            page.next = to_ascii_lower(page.items.back()->name);
            return page;
        }
        page.items.push_back(&at->second);
    }
    return page;
}

}  // namespace

Secret const* SecretStore::find(std::string_view name) const {
    auto const found = secrets_.find(to_ascii_lower(name));
    return found == secrets_.end() ? nullptr : &found->second;
}

Secret* SecretStore::find_visible(std::string_view name, TimePoint now) {
    auto const found = secrets_.find(to_ascii_lower(name));
    return found == secrets_.end() || now < found->second.hidden_until ? nullptr : &found->second;
}

std::string SecretStore::spelled(std::string_view name) const {
    auto const* secret = find(name);
    return secret == nullptr ? std::string(name) : secret->name;
}

void SecretStore::purge_due(TimePoint now) {
    std::erase_if(deleted_, [&](auto const& entry) { return entry.second.purge_at <= now; });
}

Answered<Secret const*> SecretStore::set(std::string_view name, SecretChange change, std::string host, TimePoint now,
                                         Random& random) {
    purge_due(now);
    if (!is_name(name))
        return refuse(400, "BadParameter", "The request URI contains an invalid name: " + std::string(name));
    if (!change.value) return refuse(400, "BadParameter", "Property value has invalid value");
    if (auto fault = find_fault(change)) return std::unexpected(std::move(*fault));
    auto const key = to_ascii_lower(name);
    if (deleted_.contains(key))
        return refuse(409, "Conflict",
                      "Secret " + std::string(name) +
                          " is currently in a deleted but recoverable state, and its name cannot be reused; in this "
                          "state, the secret can only be recovered or purged.",
                      "ObjectIsDeletedButRecoverable");
    auto& secret = secrets_[key];
    if (now < secret.hidden_until)
        return refuse(409, "Conflict", "Secret " + std::string(name) + " is currently being recovered, retry later.",
                      "ObjectIsBeingRecovered");
    SecretVersion version;
    version.version = random.uuid();
    std::erase(version.version, '-');
    version.value = std::move(*change.value);
    version.managed = change.managed;
    version.created = version.updated = whole_second(now);
    version.host = std::move(host);
    if (secret.versions.empty()) secret.name = std::string(name);
    apply(change, version);
    secret.versions.push_back(std::move(version));
    return &secret;
}

Answered<SecretVersion const*> SecretStore::get(std::string_view name, std::string_view version, TimePoint now) {
    auto const* secret = find_visible(name, now);
    if (secret == nullptr) return not_found(name);
    SecretVersion const* found = &secret->current();
    if (!version.empty()) {
        auto const at = std::ranges::find_if(
            secret->versions, [&](SecretVersion const& one) { return equals_ignore_case(one.version, version); });
        if (at == secret->versions.end()) return not_found(std::string(name) + "/" + std::string(version));
        found = &*at;
    }
    if (!found->enabled)
        return refuse(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled");
    return found;
}

Answered<SecretVersion const*> SecretStore::update(std::string_view name, std::string_view version,
                                                   SecretChange const& change, TimePoint now) {
    auto* const secret = find_visible(name, now);
    if (secret == nullptr) return not_found(name);
    auto at = std::prev(secret->versions.end());
    if (!version.empty()) {
        at = std::ranges::find_if(secret->versions,
                                  [&](SecretVersion const& one) { return equals_ignore_case(one.version, version); });
        if (at == secret->versions.end()) return not_found(std::string(name) + "/" + std::string(version));
    }
    if (auto fault = find_fault(change)) return std::unexpected(std::move(*fault));
    apply(change, *at);
    at->updated = whole_second(now);
    return &*at;
}

Page<Secret const*> SecretStore::list(std::string_view after, std::size_t count, TimePoint now) {
    return page_of(secrets_, after, count, [&](Secret const& secret) { return now >= secret.hidden_until; });
}

Page<SecretVersion const*> SecretStore::versions(std::string_view name, std::string_view after, std::size_t count,
                                                 TimePoint now) {
    Page<SecretVersion const*> page;
    auto const* secret = find_visible(name, now);
    if (secret == nullptr) return page;
    // By version id: the service promises no order, and one by age would let a client rely on it.
    std::map<std::string_view, SecretVersion const*> ordered;
    for (auto const& version : secret->versions) ordered.emplace(version.version, &version);
    for (auto at = ordered.upper_bound(after); at != ordered.end(); ++at) {
        if (page.items.size() == count) {
            page.next = page.items.back()->version;
            return page;
        }
        page.items.push_back(at->second);
    }
    return page;
}

Answered<Secret const*> SecretStore::remove(std::string_view name, TimePoint now) {
    if (find_visible(name, now) == nullptr) return not_found(name);
    auto node = secrets_.extract(to_ascii_lower(name));
    node.mapped().deleted = whole_second(now);
    node.mapped().purge_at = node.mapped().deleted + std::chrono::days(recoverable_days);
    return &deleted_.insert(std::move(node)).position->second;
}

Answered<Secret const*> SecretStore::get_deleted(std::string_view name, TimePoint now) {
    purge_due(now);
    auto const found = deleted_.find(to_ascii_lower(name));
    if (found == deleted_.end()) return refuse(404, "SecretNotFound", "Deleted Secret not found: " + std::string(name));
    return &found->second;
}

Page<Secret const*> SecretStore::list_deleted(std::string_view after, std::size_t count, TimePoint now) {
    purge_due(now);
    return page_of(deleted_, after, count, [](Secret const&) { return true; });
}

Answered<Secret const*> SecretStore::recover(std::string_view name, TimePoint now) {
    purge_due(now);
    auto node = deleted_.extract(to_ascii_lower(name));
    if (node.empty()) return refuse(404, "SecretNotFound", "Deleted Secret not found: " + std::string(name));
    node.mapped().hidden_until = now + recovery_time;
    return &secrets_.insert(std::move(node)).position->second;
}

Answered<void> SecretStore::purge(std::string_view name, TimePoint now) {
    purge_due(now);
    if (deleted_.erase(to_ascii_lower(name)) == 0)
        return refuse(404, "SecretNotFound", "Deleted Secret not found: " + std::string(name));
    return {};
}

}  // namespace kssedr::emulator
