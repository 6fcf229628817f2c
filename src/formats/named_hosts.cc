#include "formats/named_hosts.h"

#include "base/ascii.h"
#include "formats/base64_text.h"

#include <algorithm>
#include <array>

namespace kssedr::formats {
namespace {

using rotation::CredentialShape;

bool is_letter_or_digit(char c) {
    return is_ascii_letter(c) || is_ascii_digit(c);
}

bool is_host_character(char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.';
}

bool is_host_label(std::string_view label) {
    return !label.empty() && std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// Lenient readers of URLs take the one for the other.
bool is_slash(char c) {
    return c == '/' || c == '\\';
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_ascii_digit);
}

// Where `part`, which is not empty, next stands in the text at or after `from`, but for the case of letters.
std::size_t find_ignore_case(std::string_view text, std::string_view part, std::size_t from) {
    char const first = to_ascii_lower(part.front());
    for (auto at = from; at + part.size() <= text.size(); ++at)
        if (to_ascii_lower(text[at]) == first && equals_ignore_case(text.substr(at, part.size()), part)) return at;
    return std::string_view::npos;
}

bool starts_with_ignore_case(std::string_view text, std::string_view start) {
    return text.size() >= start.size() && equals_ignore_case(text.substr(0, start.size()), start);
}

std::string_view without_default_port(std::string_view authority, std::string_view scheme) {
    std::string_view const port = equals_ignore_case(scheme, "http") ? ":80" : ":443";
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
    return authority;
}

struct HostAndPort {
    std::string_view host;
    std::string_view port;
};

HostAndPort take_apart(std::string_view authority) {
    auto const colon = std::min(authority.find(':'), authority.size());
    return {authority.substr(0, colon), authority.substr(std::min(colon + 1, authority.size()))};
}

// Takes the first label off, and the full stop behind it.
std::string_view take_label(std::string_view& labels) {
    auto const end = std::min(labels.find('.'), labels.size());
    auto const label = labels.substr(0, end);
    labels.remove_prefix(std::min(end + 1, labels.size()));
    return label;
}

bool consists_of_labels(std::string_view host) {
    if (host.empty() || host.ends_with('.')) return false;
    while (!host.empty())
        if (!is_host_label(take_label(host))) return false;
    return true;
}

// Where a label that is `*` stands in the pattern.
std::size_t find_star(std::string_view pattern) {
    for (auto rest = pattern; !rest.empty();)
        if (auto const label = take_label(rest); label == "*")
            return static_cast<std::size_t>(label.data() - pattern.data());
    return std::string_view::npos;
}

// `contoso.*.core.windows.net`, `*` being a label or more; a port is a part of what is compared. Every value is held
// against every pattern several times, so nothing is allocated here.
bool matches(std::string_view authority, std::string_view pattern) {
    auto const [host, port] = take_apart(authority);
    auto const [wanted, wanted_port] = take_apart(pattern);
    if (port != wanted_port || authority.ends_with(':')) return false;
    auto const star = find_star(wanted);
    if (star == std::string_view::npos) return equals_ignore_case(host, wanted) && consists_of_labels(host);
    // What stands before the star ends in a full stop, what follows it begins with one.
    auto const before = wanted.substr(0, star);
    auto const behind = wanted.substr(star + 1);
    return host.size() > before.size() + behind.size() && equals_ignore_case(host.substr(0, before.size()), before) &&
           equals_ignore_case(host.substr(host.size() - behind.size()), behind) && consists_of_labels(host);
}

// Under which all of the service's owners have their hosts.
std::string_view domain_of(std::string_view pattern) {
    auto const host = take_apart(pattern).host;
    auto const star = host.find("*.");
    return star == std::string_view::npos ? host.substr(std::min(host.find('.') + 1, host.size()))
                                          : host.substr(star + 2);
}

// From `begin` to where a URL ends in running text.
std::string_view token_at(std::string_view text, std::size_t begin) {
    return text.substr(begin, std::min(text.find_first_of(" \t\r\n\"'<>,;)", begin), text.size()) - begin);
}

// A URL or an authority whose two slashes stand at `slashes`.
bool is_foreign_at(std::string_view text, std::size_t slashes, CredentialShape const& shape) {
    auto begin = slashes;
    if (slashes > 0 && text[slashes - 1] == ':') {
        --begin;
        while (begin > 0 && (is_host_character(text[begin - 1]) || text[begin - 1] == '+')) --begin;
        return !is_owner_url(token_at(text, begin), shape);
    }
    // Two slashes inside a path or a base64 text begin nothing.
    if (slashes > 0 && (is_letter_or_digit(text[slashes - 1]) || std::string_view("+=/\\").contains(text[slashes - 1])))
        return false;
    auto authority = token_at(text, slashes + 2);
    authority = authority.substr(0, authority.find_first_of("/\\?#"));
    if (authority.empty() || (!is_letter_or_digit(authority.front()) && authority.front() != '[')) return false;
    bool const is_whole = slashes == 0 && !base64_decoded_size(text);
    bool const is_host = is_whole || authority.find_first_of(".:") != std::string_view::npos;
    return is_host && !is_owner_host(authority, shape);
}

bool has_foreign_url(std::string_view text, CredentialShape const& shape) {
    if (find_ignore_case(text, "%3a%2f%2f", 0) != std::string_view::npos) return true;
    for (std::size_t at = 0; at + 1 < text.size(); ++at)
        if (is_slash(text[at]) && is_slash(text[at + 1]) && is_foreign_at(text, at, shape)) return true;
    // `https:host`, which lenient readers complete.
    for (std::string_view const scheme : {"http:", "https:"})
        if (starts_with_ignore_case(text, scheme) && !is_owner_url(token_at(text, 0), shape)) return true;
    return false;
}

// Whichever owner's of this domain it is, and wherever it stands.
bool has_foreign_host_under(std::string_view domain, std::string_view text, CredentialShape const& shape) {
    for (std::size_t at = 0; (at = find_ignore_case(text, domain, at)) != std::string_view::npos; ++at) {
        if (at == 0 || text[at - 1] != '.') continue;
        auto begin = at;
        while (begin > 0 && is_host_character(text[begin - 1])) --begin;
        auto end = at + domain.size();
        while (end < text.size() && is_host_character(text[end])) ++end;
        auto host = text.substr(begin, end - begin);
        // A full stop ends a sentence.
        if (host.ends_with('.') && (end == text.size() || is_ascii_blank(text[end]))) {
            host.remove_suffix(1);
        } else if (end + 1 < text.size() && text[end] == ':' && is_ascii_digit(text[end + 1])) {
            do ++end;
            while (end < text.size() && is_ascii_digit(text[end]));
            host = text.substr(begin, end - begin);
        }
        // The port of a URL is held against its scheme elsewhere.
        if (!is_owner_authority(host, "https", shape) && !is_owner_authority(host, "http", shape)) return true;
    }
    return false;
}

bool has_foreign_host_of_service(std::string_view text, CredentialShape const& shape) {
    return std::ranges::any_of(shape.hosts, [&](std::string_view pattern) {
        auto const domain = domain_of(pattern);
        return !domain.empty() && has_foreign_host_under(domain, text, shape);
    });
}

// A text that is a host and nothing else, with a port or a path or neither.
bool is_foreign_host(std::string_view text, CredentialShape const& shape) {
    constexpr std::array<std::string_view, 10> ends = {".com", ".net",     ".org",   ".io",       ".cn",
                                                       ".us",  ".example", ".local", ".internal", ".localhost"};
    auto const authority = text.substr(0, text.find('/'));
    auto const colon = authority.find(':');
    auto const host = authority.substr(0, colon);
    if (!host.contains('.') || !consists_of_labels(host)) return false;
    auto const ends_as_host = [&](std::string_view end) { return ends_with_ignore_case(host, end); };
    bool const is_long = std::ranges::count(host, '.') >= 2 && std::ranges::any_of(ends, ends_as_host);
    bool const has_port = colon != std::string_view::npos && is_port(authority.substr(colon + 1));
    return (is_long || has_port) && !is_owner_authority(authority, "https", shape);
}

}  // namespace

bool is_owner_host(std::string_view host, CredentialShape const& shape) {
    return std::ranges::any_of(shape.hosts, [&](std::string_view pattern) { return matches(host, pattern); });
}

bool is_owner_authority(std::string_view authority, std::string_view scheme, CredentialShape const& shape) {
    auto const bare = without_default_port(authority, scheme);
    return std::ranges::any_of(shape.hosts, [&](std::string_view pattern) {
        return matches(authority, pattern) || (take_apart(pattern).port.empty() && matches(bare, pattern));
    });
}

bool is_owner_url(std::string_view url, CredentialShape const& shape) {
    auto const scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos || scheme_end == 0) return false;
    auto const scheme = url.substr(0, scheme_end);
    auto const rest = url.substr(scheme_end + 3);
    if (!std::ranges::all_of(scheme, is_ascii_letter) || rest.find_first_of("?#@\\") != std::string_view::npos)
        return false;
    return is_owner_authority(rest.substr(0, rest.find('/')), scheme, shape);
}

bool names_foreign_host(std::string_view text, CredentialShape const& shape) {
    text = trim(text);
    // The service's own, of no owner's.
    auto const is_domain = [&](std::string_view pattern) { return equals_ignore_case(text, domain_of(pattern)); };
    auto const is_fixed = [&](auto const& member) { return equals_ignore_case(text, member.value); };
    if (std::ranges::any_of(shape.hosts, is_domain) || std::ranges::any_of(shape.fixed_members, is_fixed)) return false;
    return has_foreign_url(text, shape) || has_foreign_host_of_service(text, shape) || is_foreign_host(text, shape);
}

}  // namespace kssedr::formats
