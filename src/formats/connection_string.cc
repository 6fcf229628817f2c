#include "formats/connection_string.h"

#include "base/ascii.h"
#include "formats/base64_text.h"

#include <algorithm>

namespace kssedr::formats {
namespace {

using rotation::CredentialShape;

struct Member {
    std::string_view name;   // trimmed; empty where nothing stands between two semicolons
    std::string_view value;  // trimmed
    bool has_value = false;
};

// Takes the next member off the front of `rest`. The value begins at the first '=': base64 ends in more of them.
Member take_member(std::string_view& rest) {
    auto const end = std::min(rest.find(';'), rest.size());
    auto const text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto const equals = text.find('=');
    if (equals == std::string_view::npos) return {trim(text), {}, false};
    return {trim(text.substr(0, equals)), trim(text.substr(equals + 1)), true};
}

bool is_host_label(std::string_view label) {
    return !label.empty() &&
           std::ranges::all_of(label, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-'; });
}

// Where the suffix carries a port, the port is a part of what is compared; else only the scheme's own may be written.
std::string_view without_default_port(std::string_view authority, std::string_view scheme, std::string_view suffix) {
    if (suffix.find(':') != std::string_view::npos) return authority;
    std::string_view const port = equals_ignore_case(scheme, "http") ? ":80" : ":443";
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
    return authority;
}

// `{scheme}://{owner}[-secondary].{label}[.more].{suffix}[/path]`, with no user, query or fragment.
bool is_owner_url(std::string_view url, CredentialShape const& shape) {
    auto const scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos || scheme_end == 0 || shape.owner_name.empty()) return false;
    auto const scheme = url.substr(0, scheme_end);
    auto const rest = url.substr(scheme_end + 3);
    if (!std::ranges::all_of(scheme, is_ascii_letter) || rest.find_first_of("?#@\\") != std::string_view::npos)
        return false;
    auto const authority = without_default_port(rest.substr(0, rest.find('/')), scheme, shape.suffix);
    if (!ends_with_ignore_case(authority, shape.suffix)) return false;
    auto const before_suffix = authority.substr(0, authority.size() - shape.suffix.size());
    if (!before_suffix.ends_with('.')) return false;
    auto const labels = split(before_suffix.substr(0, before_suffix.size() - 1), '.');
    if (labels.size() < 2 || !std::ranges::all_of(labels, is_host_label)) return false;
    return equals_ignore_case(labels[0], shape.owner_name) ||
           equals_ignore_case(labels[0], shape.owner_name + "-secondary");
}

bool is_one_of(std::string_view name, std::vector<std::string> const& names) {
    return std::ranges::any_of(names, [&](auto const& one) { return equals_ignore_case(name, one); });
}

}  // namespace

Failure value_not_understood(std::string why) {
    return fail(Errc::invalid_argument, "the value is not understood: " + std::move(why));
}

std::optional<TextSpan> find_bare_credential(std::string_view text, CredentialShape const& shape) {
    auto const credential = trim(text);
    if (credential.empty() || base64_decoded_size(credential) != shape.key_bytes) return std::nullopt;
    return TextSpan{static_cast<std::size_t>(credential.data() - text.data()), credential.size()};
}

bool is_connection_string(std::string_view text, CredentialShape const& shape) {
    while (!text.empty()) {
        auto const member = take_member(text);
        bool const is_known = equals_ignore_case(member.name, shape.key_member) ||
                              (!shape.owner_member.empty() && equals_ignore_case(member.name, shape.owner_member));
        if (member.has_value && is_known) return true;
    }
    return false;
}

Result<void> check_member(std::string_view name, std::string_view value, CredentialShape const& shape) {
    if (is_one_of(name, shape.foreign_members))
        return value_not_understood("it has a member that only other kinds of credential have");
    if (equals_ignore_case(name, "UseDevelopmentStorage") && !equals_ignore_case(value, "false"))
        return value_not_understood("it asks for the development storage");
    if (!shape.owner_member.empty() && equals_ignore_case(name, shape.owner_member) &&
        !equals_ignore_case(value, shape.owner_name))
        return value_not_understood("its " + shape.owner_member + " is not " + shape.owner_name);
    if (!shape.suffix_member.empty() && equals_ignore_case(name, shape.suffix_member) &&
        !equals_ignore_case(value, shape.suffix))
        return value_not_understood("its " + shape.suffix_member + " is not " + shape.suffix);
    if (is_one_of(name, shape.endpoint_members) && !is_owner_url(value, shape))
        return value_not_understood("an endpoint in it is none of " + shape.owner_name + "'s under " + shape.suffix);
    return {};
}

Result<TextSpan> parse_connection_string(std::string_view text, CredentialShape const& shape) {
    std::optional<TextSpan> credential;
    int owners = 0, endpoints = 0;
    auto rest = text;
    while (!rest.empty()) {
        auto const member = take_member(rest);
        if (!member.has_value && member.name.empty()) continue;
        if (!member.has_value || member.name.empty())
            return value_not_understood("a part of the connection string is not of the form Name=value");
        KSSEDR_TRY_VOID(check_member(member.name, member.value, shape));
        // A URL under a name that the shape does not list still says whom the value talks to.
        bool const is_url = member.value.find("://") != std::string_view::npos;
        if (is_url && !is_owner_url(member.value, shape))
            return value_not_understood("a URL in it is none of " + shape.owner_name + "'s under " + shape.suffix);
        endpoints += is_url ? 1 : 0;
        if (!shape.owner_member.empty() && equals_ignore_case(member.name, shape.owner_member)) ++owners;
        if (!equals_ignore_case(member.name, shape.key_member)) continue;
        if (credential) return value_not_understood("it has more than one " + shape.key_member);
        if (!find_bare_credential(member.value, shape))
            return value_not_understood("its " + shape.key_member + " has not the form of a credential of " +
                                        shape.owner_name);
        credential = TextSpan{static_cast<std::size_t>(member.value.data() - text.data()), member.value.size()};
    }
    if (!credential) return value_not_understood("it has no " + shape.key_member);
    if (!shape.owner_member.empty() && owners != 1)
        return value_not_understood("it has " + std::string(owners == 0 ? "no " : "more than one ") +
                                    shape.owner_member);
    if (shape.owner_member.empty() && endpoints == 0) return value_not_understood("nothing in it names its owner");
    return *credential;
}

}  // namespace kssedr::formats
