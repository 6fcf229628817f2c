#include "formats/login_members.h"

#include "base/ascii.h"
#include "formats/member_name.h"

#include <algorithm>
#include <array>

namespace kssedr::formats {
namespace {

// Takes what a quote at the front begins off the text, its closing sign included; doubled ones do not close. False
// where it is not closed.
bool take_quoted(std::string_view& text, char closing) {
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] != closing) continue;
        if (at + 1 < text.size() && text[at + 1] == closing) {
            ++at;
            continue;
        }
        text.remove_prefix(at + 1);
        return true;
    }
    return false;
}

void skip_blanks(std::string_view& text) {
    while (!text.empty() && is_ascii_blank(text.front())) text.remove_prefix(1);
}

// PostgreSQL's documentation, "Parameter Key Words".
constexpr std::array<std::string_view, 44> keywords = {"host",
                                                       "hostaddr",
                                                       "port",
                                                       "dbname",
                                                       "user",
                                                       "password",
                                                       "passfile",
                                                       "require_auth",
                                                       "channel_binding",
                                                       "connect_timeout",
                                                       "client_encoding",
                                                       "options",
                                                       "application_name",
                                                       "fallback_application_name",
                                                       "keepalives",
                                                       "keepalives_idle",
                                                       "keepalives_interval",
                                                       "keepalives_count",
                                                       "tcp_user_timeout",
                                                       "replication",
                                                       "gssencmode",
                                                       "sslmode",
                                                       "requiressl",
                                                       "sslnegotiation",
                                                       "sslcompression",
                                                       "sslcert",
                                                       "sslkey",
                                                       "sslpassword",
                                                       "sslcertmode",
                                                       "sslrootcert",
                                                       "sslcrl",
                                                       "sslcrldir",
                                                       "sslsni",
                                                       "requirepeer",
                                                       "ssl_min_protocol_version",
                                                       "ssl_max_protocol_version",
                                                       "krbsrvname",
                                                       "gsslib",
                                                       "gssdelegation",
                                                       "service",
                                                       "target_session_attrs",
                                                       "load_balance_hosts",
                                                       "servicefile",
                                                       "min_protocol_version"};

// Takes a value off the front, quoted or up to a blank; nothing where a quote is not closed.
std::optional<std::string_view> take_keyword_value(std::string_view& text) {
    bool const is_quoted = text.starts_with('\'');
    std::size_t at = is_quoted ? 1 : 0;
    for (; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
            continue;
        }
        if (is_quoted ? text[at] == '\'' : is_ascii_blank(text[at])) break;
    }
    if (is_quoted && at >= text.size()) return std::nullopt;
    auto const value = text.substr(0, std::min(text.size(), is_quoted ? at + 1 : at));
    text.remove_prefix(value.size());
    return value;
}

}  // namespace

LoginRole login_role_of(std::string_view name) {
    using enum LoginRole;
    auto const ends_in_one = [&](auto const& ends) {
        return std::ranges::any_of(ends, [&](std::string_view end) { return name_ends_in(name, end); });
    };
    auto const is_one = [&](auto const& names) {
        return std::ranges::any_of(names, [&](std::string_view one) { return is_named(name, one); });
    };
    constexpr std::array<std::string_view, 3> passwords = {"password", "passwd", "pwd"};
    constexpr std::array<std::string_view, 3> logins = {"user", "username", "userid"};
    constexpr std::array<std::string_view, 6> more_logins = {"uid", "login", "loginname", "dblogin", "usr", "role"};
    constexpr std::array<std::string_view, 5> addresses = {"address", "addr", "hostaddr", "failoverpartner", "dbhost"};
    constexpr std::array<std::string_view, 4> ports = {"port", "portnumber", "dbport", "serverport"};
    constexpr std::array<std::string_view, 4> others = {"service", "servicefile", "passfile", "requirepeer"};
    if (ends_in_one(passwords) || is_named(name, "pass") || is_named(name, "dbpass")) return password;
    if (ends_in_one(logins) || is_one(more_logins)) return login;
    if (is_one(ports)) return port;
    if (is_host_member(name) || ends_in_one(addresses)) return host;
    return is_one(others) ? foreign : other;
}

std::optional<std::vector<WrittenMember>> split_members(std::string_view text, char separator) {
    std::vector<WrittenMember> members;
    while (!text.empty()) {
        auto const name_end = text.find_first_of(separator == ';' ? "=;" : "=,");
        if (name_end == std::string_view::npos || text[name_end] == separator) {
            auto const alone = trim(text.substr(0, name_end));
            text.remove_prefix(std::min(name_end == std::string_view::npos ? text.size() : name_end + 1, text.size()));
            if (!alone.empty()) members.push_back({{}, alone});
            continue;
        }
        auto const name = trim(text.substr(0, name_end));
        text.remove_prefix(name_end + 1);
        skip_blanks(text);
        auto const value = text;
        bool const is_quoted = separator == ';' && !text.empty() && std::string_view("\"'{").contains(text.front());
        if (is_quoted && !take_quoted(text, text.front() == '{' ? '}' : text.front())) return std::nullopt;
        auto const end = std::min(text.find(separator), text.size());
        // Nothing but blanks follows a quote.
        if (is_quoted && !trim(text.substr(0, end)).empty()) return std::nullopt;
        text.remove_prefix(end);
        members.push_back({name, trim(value.substr(0, static_cast<std::size_t>(text.data() - value.data())))});
        if (!text.empty()) text.remove_prefix(1);
    }
    return members;
}

std::optional<std::vector<WrittenMember>> split_keywords(std::string_view text) {
    std::vector<WrittenMember> members;
    for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
        auto const equals = text.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        auto const name = trim(text.substr(0, equals));
        if (std::ranges::find(keywords, name) == keywords.end()) return std::nullopt;
        text.remove_prefix(equals + 1);
        skip_blanks(text);
        auto const value = take_keyword_value(text);
        if (!value) return std::nullopt;
        // `host=db;user=app` is of the other kind.
        if (!value->starts_with('\'') && value->contains(';')) return std::nullopt;
        members.push_back({name, *value});
    }
    if (members.size() < 2) return std::nullopt;
    return members;
}

}  // namespace kssedr::formats
