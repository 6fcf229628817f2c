#include "estate.h"

#include "base/encoding.h"
#include "checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::simulation {
namespace {

TimePoint to_seconds(TimePoint at) {
    return std::chrono::floor<std::chrono::seconds>(at);
}

}  // namespace

TimePoint Estate::vault_now(int vault) const {
    return beginning + timeline_.now().since_start + vaults[static_cast<std::size_t>(vault)].skew;
}

TimePoint Estate::provider_now(int owner) const {
    return beginning + timeline_.now().since_start + owners[static_cast<std::size_t>(owner)].skew;
}

std::string Estate::random_key_text(int owner) {
    std::string bytes(owners[static_cast<std::size_t>(owner)].kind->key_bytes, '\0');
    chance_.fill(bytes);
    return format_base64(bytes);
}

KeyId Estate::make_key(int owner, int slot, std::optional<std::string> text) {
    auto const id = static_cast<KeyId>(keys_.size());
    Key key;
    key.text = text ? *std::move(text) : random_key_text(owner);
    key.owner = owner;
    key.slot = slot;
    key.born = timeline_.now();
    key.propagation = chance_.between({}, propagation_max_);
    key_ids_.emplace(key.text, id);
    keys_.push_back(std::move(key));
    return id;
}

KeyId Estate::find_key(std::string_view text) const {
    auto const place = key_ids_.find(std::string(text));
    return place == key_ids_.end() ? no_key : place->second;
}

int Estate::find_secret(rotation::SecretRef const& ref) const {
    auto const place = secret_ids_.find(ref.key());
    return place == secret_ids_.end() ? -1 : place->second;
}

int Estate::find_owner(rotation::OwnerId const& id) const {
    for (std::size_t i = 0; i < owners.size(); ++i)
        if (owners[i].id == id) return static_cast<int>(i);
    return -1;
}

std::string Estate::next_version_id() {
    return fmt::format("{:032x}", ++versions_made_);
}

void Estate::regenerate(int owner, int slot, Author const& author, std::optional<std::string> text) {
    checker_->before_regeneration(owner, slot, author);
    auto& state = owners[static_cast<std::size_t>(owner)].slots[static_cast<std::size_t>(slot)];
    keys_[state.key].died = timeline_.now();
    state.before = state.key;
    state.made_before = state.made;
    state.key = make_key(owner, slot, std::move(text));
    state.changed = timeline_.now();
    state.made = provider_now(owner);
    checker_->after_regeneration(owner, author);
}

VersionState const& Estate::publish(int secret, rotation::SecretDraft const& draft, Author const& author) {
    auto& state = secrets[static_cast<std::size_t>(secret)];
    auto const now = to_seconds(vault_now(state.vault));
    VersionState version;
    version.properties.name = state.ref.name;
    version.properties.version = next_version_id();
    version.properties.content_type = draft.content_type;
    version.properties.tags = draft.tags;
    version.properties.not_before = draft.not_before;
    version.properties.expires = draft.expires;
    version.properties.created = version.properties.updated = now;
    version.value = std::string(draft.value.expose());
    version.made = timeline_.now();
    version.who = author.who;
    std::string_view const value = version.value;
    bool const has_form = value.size() > state.prefix.size() + state.suffix.size() && value.starts_with(state.prefix) &&
                          value.ends_with(state.suffix);
    if (has_form)
        version.holds =
            find_key(value.substr(state.prefix.size(), value.size() - state.prefix.size() - state.suffix.size()));
    auto& before = state.current();
    if (!before.left) before.left = timeline_.now();
    state.versions.push_back(std::move(version));
    checker_->after_publication(secret, author);
    on_publication(secret);
    return state.current();
}

void Estate::set_enabled(int secret, bool enabled) {
    auto& state = secrets[static_cast<std::size_t>(secret)];
    auto& current = state.current();
    if (current.properties.enabled == enabled) return;
    current.properties.enabled = enabled;
    current.properties.updated = to_seconds(vault_now(state.vault));
    current.left = enabled ? std::nullopt : std::optional(timeline_.now());
    checker_->after_change(secret, Checker::Change::switched);
}

void Estate::remove(int secret) {
    auto& state = secrets[static_cast<std::size_t>(secret)];
    if (state.is_deleted) return;
    state.is_deleted = true;
    if (!state.current().left) state.current().left = timeline_.now();
    checker_->after_change(secret, Checker::Change::removed);
}

void Estate::recover(int secret) {
    auto& state = secrets[static_cast<std::size_t>(secret)];
    if (!state.is_deleted) return;
    state.is_deleted = false;
    if (state.current().properties.enabled) state.current().left.reset();
    checker_->after_change(secret, Checker::Change::recovered);
}

void Estate::set_tag(int secret, std::string const& name, std::optional<std::string> const& value) {
    auto& state = secrets[static_cast<std::size_t>(secret)];
    auto& properties = state.current().properties;
    if (value)
        properties.tags[name] = *value;
    else
        properties.tags.erase(name);
    properties.updated = to_seconds(vault_now(state.vault));
    checker_->after_change(secret, Checker::Change::tagged);
}

}  // namespace kssedr::simulation
