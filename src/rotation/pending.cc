#include "rotation/pending.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"

namespace kssedr::rotation {
namespace {

constexpr std::string_view ending = "-kssedr-pending";
constexpr std::string_view secret_tag = "kssedr-pending-for";
constexpr std::string_view login_tag = "kssedr-pending-login";
constexpr std::size_t longest_name = 127;
constexpr std::size_t hash_characters = 16;

std::string find(Tags const& tags, std::string_view name) {
    auto const place = tags.find(std::string(name));
    return place == tags.end() ? std::string() : place->second;
}

}  // namespace

SecretRef companion_of(SecretRef const& secret) {
    std::string name = secret.name;
    if (name.size() + ending.size() > longest_name) {
        auto const hash = format_hex(sha256(to_ascii_lower(secret.name))).substr(0, hash_characters);
        name = name.substr(0, longest_name - ending.size() - hash.size() - 1) + '-' + hash;
    }
    return {secret.vault, name + std::string(ending)};
}

bool is_companion(SecretProperties const& properties) {
    return ends_with_ignore_case(properties.name, ending) && properties.tags.contains(std::string(secret_tag));
}

bool is_companion_of(SecretRef const& secret, SecretProperties const& properties) {
    return is_companion(properties) && equals_ignore_case(find(properties.tags, secret_tag), secret.name);
}

SecretDraft draft_pending(SecretRef const& secret, std::string const& login, SecretString const& password) {
    SecretDraft draft;
    draft.value = password.clone();
    draft.content_type = "text/plain";
    draft.tags = {{std::string(secret_tag), secret.name}, {std::string(login_tag), login}};
    return draft;
}

std::optional<Pending> read_pending(SecretRef const& secret, SecretVersion version) {
    auto const& properties = version.properties;
    auto login = find(properties.tags, login_tag);
    if (!properties.enabled || !is_companion_of(secret, properties) || login.empty()) return std::nullopt;
    return Pending{properties.version, std::move(login), std::move(version.value), properties.created};
}

}  // namespace kssedr::rotation
