#include "rotation/secret_ref.h"

#include "base/ascii.h"

#include <algorithm>
#include <vector>

namespace kssedr::rotation {
namespace {

bool is_vault_name(std::string_view text) {
    return text.size() >= 3 && text.size() <= 24 && is_ascii_letter(text.front()) && !text.ends_with('-') &&
           text.find("--") == std::string_view::npos &&
           std::ranges::all_of(text, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-'; });
}

Failure refuse(std::string_view what, std::string_view text, std::string_view why) {
    return fail(Errc::invalid_argument,
                std::string(what) + " \"" + escape_for_display(text) + "\" is not taken: " + std::string(why));
}

}  // namespace

Result<VaultHost> make_vault_host(std::string_view name, std::string_view suffix) {
    if (!is_vault_name(name))
        return refuse("vault name", name,
                      "a name has 3 to 24 letters, digits and single hyphens, and begins with a letter");
    return VaultHost{to_ascii_lower(name) + '.' + to_ascii_lower(suffix)};
}

Result<VaultHost> parse_vault_host(std::string_view host, std::string_view suffix) {
    std::string_view named = host;
    bool const suffix_has_port = suffix.find(':') != std::string_view::npos;
    if (!suffix_has_port && named.ends_with(":443")) named.remove_suffix(4);
    std::string const end = '.' + std::string(suffix);
    if (!ends_with_ignore_case(named, end))
        return refuse("vault host", host,
                      "it is not {name}." + std::string(suffix) + ", where this cloud's vaults are");
    auto const made = make_vault_host(named.substr(0, named.size() - end.size()), suffix);
    if (!made) return refuse("vault host", host, "what stands before ." + std::string(suffix) + " is no vault name");
    return made;
}

std::string SecretRef::url() const {
    return "https://" + vault.text + "/secrets/" + name;
}

std::string SecretRef::key() const {
    return vault.text + '/' + to_ascii_lower(name);
}

bool operator==(SecretRef const& a, SecretRef const& b) {
    return a.vault == b.vault && equals_ignore_case(a.name, b.name);
}

bool is_secret_name(std::string_view text) {
    return !text.empty() && text.size() <= 127 &&
           std::ranges::all_of(text, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-'; });
}

bool is_secret_version(std::string_view text) {
    return text.size() == 32 && std::ranges::all_of(text, [](char c) {
               return is_ascii_digit(c) || (to_ascii_lower(c) >= 'a' && to_ascii_lower(c) <= 'f');
           });
}

Result<SecretUrl> parse_secret_url(std::string_view text, std::string_view vault_suffix) {
    constexpr std::string_view scheme = "https://";
    if (text.size() > 512) return refuse("secret URL", text, "it is longer than 512 characters");
    if (text.size() < scheme.size() || !equals_ignore_case(text.substr(0, scheme.size()), scheme))
        return refuse("secret URL", text, "it does not begin with https://");
    auto const parts = split(text.substr(scheme.size()), '/');
    auto vault = parse_vault_host(parts[0], vault_suffix);
    if (!vault) return fail(std::move(vault).error().during("secret URL"));
    bool const trailing_slash = parts.size() > 1 && parts.back().empty();
    std::size_t const count = parts.size() - (trailing_slash ? 1 : 0);
    if (count < 3 || count > 4 || parts[1] != "secrets")
        return refuse("secret URL", text, "its path is not /secrets/{name}[/{version}]");
    if (!is_secret_name(parts[2]))
        return refuse("secret URL", text, "a secret's name has 1 to 127 letters, digits and hyphens");
    if (count == 4 && !is_secret_version(parts[3]))
        return refuse("secret URL", text, "a version has 32 hexadecimal digits");
    return SecretUrl{{*std::move(vault), std::string(parts[2])}, count == 4 ? to_ascii_lower(parts[3]) : std::string()};
}

}  // namespace kssedr::rotation
